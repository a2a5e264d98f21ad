import { spawn } from 'node:child_process';
import { build, exitWith, install, node, root } from './prepare.mjs';

// `node tools/dev/run.mjs FILE …`: a TypeScript file of tools/ on the pinned Node, with everything built.

const [file, ...args] = process.argv.slice(2);
try {
  await install();
  await build();
} catch (error) {
  exitWith(error);
}

const child = spawn(node, [file, ...args], { cwd: root, stdio: 'inherit' });
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
// A terminal sends its signal to both processes; a supervisor only to this one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
