import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build, exitWith, install, node, root, say } from './prepare.mjs';

const port = process.env.PORT || '4000';
const url = `http://localhost:${port}`;
const dataDirectory = path.resolve(root, process.env.FASTPACA_RAFT_DATA_DIR || 'priv/raft');

try {
  await install();
  await build();
} catch (error) {
  exitWith(error);
}

const server = spawn(node, ['--enable-source-maps', 'apps/server/dist/main.js'], {
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

if (await ready()) say(banner());

/** Whether the server answers as ready before it ends. */
async function ready() {
  let hinted = false;
  const started = Date.now();
  while (!ended) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) return true;
    if (!hinted && Date.now() - started > 5_000) {
      hinted = true;
      say('Waiting for the store to be ready …');
    }
    await delay(50);
  }
  return false;
}

function banner() {
  const auth = process.env.FASTPACA_API_KEY ? ` -H "Authorization: Bearer $FASTPACA_API_KEY"` : '';
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
