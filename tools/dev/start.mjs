import { spawn } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import { isIPv6 } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build, exitWith, install, node, root, say } from './prepare.mjs';

const port = process.env.PORT || '4000';
const scheme = process.env.FASTPACA_TLS_CERT_FILE ? 'https' : 'http';
const everywhere = ['', '0.0.0.0', '::'];
const host = everywhere.includes(process.env.HOST ?? '') ? 'localhost' : process.env.HOST;
const url = `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
const dataDirectory = path.resolve(root, process.env.FASTPACA_RAFT_DATA_DIR || 'priv/raft');

try {
  await install();
  await build();
} catch (error) {
  exitWith(error);
}

// Another server on the port would answer in the place of this one, which says itself that it cannot start.
const taken = await healthy();
// V8 has four threads for collecting garbage and compiling, whatever the machine: on two cores they take the server's own.
const v8Threads = Math.max(1, Math.min(4, os.availableParallelism() - 1));
// What waits half a second for the disk dies young, with room for more than the 16 MiB that are usual.
const v8Flags = [`--v8-pool-size=${v8Threads}`, '--max-semi-space-size=64'];
const server = spawn(node, [...v8Flags, 'apps/server/dist/bundle/main.mjs'], {
  cwd: root,
  stdio: 'inherit',
  env: { UV_THREADPOOL_SIZE: '8', ...process.env },
});
let ended = false;
server.on('exit', (code, signal) => {
  ended = true;
  process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
});
// A terminal sends its signal to both processes; a supervisor only to this one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));

if (!taken && (await ready())) say(banner());

/** Whether the server answers as ready before it ends. */
async function ready() {
  let hinted = false;
  const started = Date.now();
  while (!ended) {
    if (await healthy()) return true;
    if (!hinted && Date.now() - started > 5_000) {
      hinted = true;
      say('Waiting for the store to be ready …');
    }
    await delay(50);
  }
  return false;
}

/** The certificate names the node as others see it, not this address, which nobody else can answer on. */
function healthy() {
  const get = scheme === 'https' ? https.get : http.get;
  const options = { host, port, path: '/health/ready', rejectUnauthorized: false, timeout: 1_000 };
  return new Promise((resolve) => {
    const request = get(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function banner() {
  // The first of several keys. The value itself does not belong on a screen.
  const key = '${FASTPACA_API_KEY%%,*}';
  const auth = process.env.FASTPACA_API_KEY ? ` -H "Authorization: Bearer ${key}"` : '';
  const json = `-H 'content-type: application/json'`;
  const message = `{"message":{"role":"user","parts":[{"type":"text","text":"Hello"}]}}`;
  return [
    '',
    `Fastpaca Context Store   ${url}   (API reference: ${url}/docs)`,
    `Data directory           ${dataDirectory}`,
    'Try it:',
    `  curl -X PUT ${url}/v1/contexts/demo${auth} ${json} -d '{"token_budget":8000}'`,
    `  curl ${url}/v1/contexts/demo/messages${auth} ${json} -d '${message}'`,
    `  curl ${url}/v1/contexts/demo/context${auth}`,
    'Ctrl-C stops it; the data stays.',
    '',
  ].join('\n');
}
