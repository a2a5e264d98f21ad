import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// The context store, unless FASTPACA_URL names one that runs, and the example; both end together.

const root = fileURLToPath(new URL('../..', import.meta.url));
const node = path.join(root, 'node_modules/.bin/node');
const storePort = process.env.FASTPACA_PORT || '4000';
const storeUrl = process.env.FASTPACA_URL || `http://localhost:${storePort}`;
const children = [];

if (!process.env.FASTPACA_URL) start('apps/server/dist/bundle/main.mjs', { PORT: storePort });
if (await storeReady()) start('apps/example-chat/src/main.ts', { FASTPACA_URL: storeUrl });
else end(1);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(0));

function start(script, env) {
  const options = { cwd: root, stdio: 'inherit', env: { UV_THREADPOOL_SIZE: '8', ...process.env, ...env } };
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script], options);
  child.on('exit', (code) => end(code ?? 0));
  children.push(child);
}

/** Waits for the store; false where it ends instead. */
async function storeReady() {
  for (;;) {
    if (children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) return false;
    const answer = await fetch(`${storeUrl}/health/ready`).catch(() => null);
    if (answer?.ok) return true;
    await delay(50);
  }
}

function end(code) {
  process.exitCode ??= code;
  for (const child of children) child.kill('SIGTERM');
}
