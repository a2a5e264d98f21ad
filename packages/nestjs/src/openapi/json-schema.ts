import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Exclude<Schemas[string], { $ref: string }>;

const named: Schemas = {};

/**
 * OpenAPI schema of a zod schema. Schemas with an id become components, which
 * {@link namedSchemas} lists.
 */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => dropNoise(jsonSchema),
  });
  const text = JSON.stringify(json).replaceAll('"#/definitions/', '"#/components/schemas/');
  const { definitions, ...own } = JSON.parse(text) as Schema & { definitions?: Schemas };
  Object.assign(named, definitions);
  return own;
}

/** The components that the schemas made so far refer to. */
export function namedSchemas(): Schemas {
  return named;
}

/** The bounds of safe integers and the pattern beside `format: date-time` tell a reader nothing. */
function dropNoise(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format === 'date-time') delete schema.pattern;
}
