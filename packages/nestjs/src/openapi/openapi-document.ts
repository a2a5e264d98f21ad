import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeAll } from './described.js';
import { namedSchemas } from './json-schema.js';

/**
 * The OpenAPI document of the application's controllers. Nest's own `SwaggerModule.createDocument` has the descriptions of
 * this package's routes once this was called.
 */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  describeAll();
  const builder = new DocumentBuilder()
    .setTitle('Context store')
    .setDescription('Keeps every message of every LLM conversation, and hands out the window a model gets.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', description: 'One of FASTPACA_API_KEY, if the server has any.' })
    .addSecurityRequirements('bearer');
  const document = SwaggerModule.createDocument(app, builder.build());
  return { ...document, components: { ...document.components, schemas: { ...namedSchemas() } } };
}

/** Serves the document at `/openapi.json` and a page of it at `/docs`, from local files only. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Context store API',
  });
}
