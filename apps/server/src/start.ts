import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApplication } from './application.js';
import { type Configuration, ConfigurationError, parseConfiguration } from './config/configuration.js';
import { createLog } from './log/create-log.js';
import { nodeIdentity } from './node/node-identity.js';
import { openStore } from './node/open-store.js';
import { drainOnSignal } from './shutdown/drain-on-signal.js';
import { startTracing } from './tracing/start-tracing.js';

/** Starts the server. A start that fails ends the process. */
export async function start(): Promise<void> {
  await run().catch(failedStart);
}

async function run(): Promise<void> {
  const configuration = parseConfiguration(process.env);
  const directory = path.resolve(configuration.dataDirectory);
  const { name: node } = nodeIdentity(directory, configuration.nodeName);
  const log = createLog(configuration.logLevel, node);
  const stopTracing = await startTracing(process.env);
  const { open, release } = openStore({ configuration, directory, node, log });
  const store = {
    open,
    release: async () => {
      await release?.();
      await stopTracing?.();
    },
  };
  const app = await createApplication({ configuration, log, store, traced: stopTracing !== null });
  drainOnSignal(app, log);
  await listen(app, configuration);
  log.info({ type: 'listening', url: urlOf(configuration), data_directory: directory }, 'listening');
}

async function listen(app: NestFastifyApplication, configuration: Configuration): Promise<void> {
  try {
    await app.listen(configuration.port, configuration.host);
  } catch (error) {
    await app.close();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = whyNotListening(code, configuration);
    throw reason === undefined ? error : new Error(reason, { cause: error });
  }
}

/** What Node says names neither the variable nor what to do. */
function whyNotListening(code: unknown, { port, host }: Configuration): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use: stop what listens on it, or set PORT to another`;
    case 'EACCES':
      return `Port ${port} is for privileged users: set PORT to one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine: set HOST to one that is, or to 0.0.0.0 for all`;
    default:
      return undefined;
  }
}

function urlOf({ host, port, tlsCertFile }: Configuration): string {
  const scheme = tlsCertFile === undefined ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** One line, whatever went wrong: a supervisor shows the last line, and a person reads it. */
function failedStart(error: unknown): void {
  const prefix = error instanceof ConfigurationError ? 'configuration' : 'start failed';
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${prefix}: ${reason.replaceAll('\n', ' ')}\n`);
  process.exit(1);
}
