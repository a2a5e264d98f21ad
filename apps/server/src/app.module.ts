import {
  ContextStoreModule,
  type ContextStoreModuleExtras,
  type ContextStoreModuleOptions,
} from '@fastpaca/nestjs';
import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';

/** The server's modules: the API, and the log that everything writes to. */
@Module({})
export class AppModule {
  static of(options: ContextStoreModuleOptions & ContextStoreModuleExtras, log: Logger): DynamicModule {
    // No route gets pino-http's middleware: a log line and a child logger per request would cost more
    // than the append itself.
    const logging = LoggerModule.forRoot({ pinoHttp: { logger: log }, forRoutes: [] });
    return {
      module: AppModule,
      imports: [logging, ContextStoreModule.forRoot({ ...options, websocket: true })],
    };
  }
}
