import 'reflect-metadata';
import path from 'node:path';
import { createApplication } from './application.js';
import { type Configuration, ConfigurationError, parseConfiguration } from './config/configuration.js';
import { createLog } from './log/create-log.js';
import { nodeName } from './node/node-name.js';
import { openStore } from './node/open-store.js';
import { drainOnSignal } from './shutdown/drain-on-signal.js';

async function start(): Promise<void> {
  const configuration = parseConfiguration(process.env);
  const directory = path.resolve(configuration.dataDirectory);
  const node = nodeName(directory, configuration.nodeName);
  const log = createLog(configuration.logLevel, node);
  const store = openStore({ configuration, directory, node, log });
  const app = await createApplication({ configuration, log, store });
  drainOnSignal(app, log);
  await app.listen(configuration.port, configuration.host);
  log.info({ type: 'listening', url: urlOf(configuration), data_directory: directory }, 'listening');
}

function urlOf({ host, port }: Configuration): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** One line, whatever went wrong: a supervisor shows the last line, and a person reads it. */
function failedStart(error: unknown): void {
  const prefix = error instanceof ConfigurationError ? 'configuration' : 'start failed';
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${prefix}: ${reason.replaceAll('\n', ' ')}\n`);
  process.exit(1);
}

await start().catch(failedStart);
