import {
  ContextStoreAdapter,
  ErrorFilter,
  limitRate,
  serveOpenApi,
  serveStreams,
  traceRequests,
} from '@fastpaca/nestjs';
import type { ContextStoreModuleOptions } from '@fastpaca/nestjs';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PinoLogger } from 'nestjs-pino';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { ServerLogger } from './log/server-logger.js';
import { logSlowRequests } from './log/slow-requests.js';
import type { Configuration } from './config/configuration.js';
import { readTls } from './tls/read-tls.js';

export interface ApplicationOptions {
  readonly configuration: Configuration;
  readonly log: Logger;
  readonly store: Pick<ContextStoreModuleOptions, 'open' | 'release'>;
  /** Whether requests are traced. Default false. */
  readonly traced?: boolean;
}

/** Puts the server together. It opens the store; `listen` is the caller's. */
export async function createApplication(options: ApplicationOptions): Promise<NestFastifyApplication> {
  const { configuration, log, store } = options;
  const tls = readTls(configuration);
  const adapter = new ContextStoreAdapter({
    maxBodyBytes: configuration.maxBodyBytes,
    maxConnections: configuration.maxConnections,
    trustProxy: configuration.trustProxy,
    routeSchemas: false,
    ...(tls && { tls }),
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.of(
      {
        ...store,
        apiKeys: configuration.apiKeys,
        streams: { maxConnections: configuration.streamMaxConnections },
        adminEndpoints: configuration.adminEnabled,
      },
      log,
    ),
    adapter,
    // Silent until the log is in place: a failed start is one line, which the caller writes.
    { logger: false, abortOnError: false },
  );
  app.useLogger(new ServerLogger(await app.resolve(PinoLogger), {}));
  app.useGlobalFilters(new ErrorFilter());
  if (options.traced === true) traceRequests(adapter.getInstance());
  logSlowRequests(adapter.getInstance(), log, configuration.slowRequestMs);
  await limitRate(app, { perNode: configuration.rateLimit, perClient: configuration.rateLimitPerClient });
  serveStreams(app);
  serveOpenApi(app);
  return app;
}
