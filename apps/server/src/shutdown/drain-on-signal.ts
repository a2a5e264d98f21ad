import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { endingSignals, leaveSignals } from './exit-on-signal.js';

/** Connections that are still busy this long after a signal are cut. Orchestrators kill after 30 s. */
const drainMs = 20_000;
/**
 * A client that is at work sends its next request within this time, and the answer tells it not to send another. Closed
 * sooner, its connection would break under a request that is on its way.
 */
const lingerMs = 1_000;

/**
 * On SIGTERM and SIGINT: no new connections, what is in flight is finished, then the store is closed, then exit code 0.
 */
export function drainOnSignal(app: NestFastifyApplication, log: Logger): void {
  leaveSignals();
  for (const signal of endingSignals) {
    process.once(signal, () => {
      log.info({ type: 'stopping', signal }, 'stopping: finishing what is in flight');
      const server: Server = app.getHttpServer();
      closeIdleLater(server);
      setTimeout(() => server.closeAllConnections(), drainMs).unref();
    });
  }
  app.enableShutdownHooks([...endingSignals], { useProcessExit: true });
}

/**
 * Closes the connections that are idle once the server has not listened for a while. Node and Fastify would do it at once, and
 * leave those that get idle later until their keep-alive runs out.
 */
function closeIdleLater(server: Server): void {
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => undefined;
  let closedAt: number | null = null;
  setInterval(() => {
    if (server.listening) return;
    closedAt ??= performance.now();
    if (performance.now() - closedAt >= lingerMs) closeIdle();
  }, 50).unref();
}
