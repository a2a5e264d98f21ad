import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import { AppModule } from './app.module.js';

const bodyLimit = 8 * 1024 * 1024;
/** `rawBody`: what the store keeps is the text that the client sent, not what a parser made of it. */
const options = { rawBody: true, logger: ['error', 'warn', 'fatal'] as ('error' | 'warn' | 'fatal')[] };

export async function createExpressApp(directory: string): Promise<INestApplication> {
  const module = AppModule.of(directory, new Registry());
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), options);
  app.useBodyParser('json', { limit: bodyLimit });
  return finish(app);
}

export async function createFastifyApp(directory: string): Promise<INestApplication> {
  const module = AppModule.of(directory, new Registry());
  // Keys called `__proto__` are data here. Fastify's parser refuses them unless it is told not to.
  const adapter = new FastifyAdapter({
    bodyLimit,
    routerOptions: { maxParamLength: 1024 },
    onProtoPoisoning: 'ignore',
    onConstructorPoisoning: 'ignore',
  });
  return finish(await NestFactory.create<NestFastifyApplication>(module, adapter, options));
}

function finish(app: INestApplication): INestApplication {
  app.setGlobalPrefix('shop');
  app.enableShutdownHooks();
  return app;
}
