import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { endingSignals, leaveSignals } from './exit-on-signal.js';

/** Connections that are still busy this long after a signal are cut. Orchestrators kill after 30 s. */
const drainMs = 20_000;

/**
 * On SIGTERM and SIGINT: no new connections, what is in flight is finished, then the store is closed, then exit code 0.
 */
export function drainOnSignal(app: NestFastifyApplication, log: Logger): void {
  leaveSignals();
  for (const signal of endingSignals) {
    process.once(signal, () => {
      log.info({ type: 'stopping', signal }, 'stopping: finishing what is in flight');
      const server: Server = app.getHttpServer();
      // Node closes the connections that are idle now. One that finishes its request later would stay
      // until its keep-alive runs out.
      setInterval(() => server.closeIdleConnections(), 50).unref();
      setTimeout(() => server.closeAllConnections(), drainMs).unref();
    });
  }
  app.enableShutdownHooks([...endingSignals], { useProcessExit: true });
}
