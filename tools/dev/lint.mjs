import path from 'node:path';
import { exitWith, node, root, run } from './prepare.mjs';

// Everything in one ESLint, so that types are loaded once and not once for each package.

const bin = (name) => path.join(root, 'node_modules', '.bin', name);

try {
  // The rule on who may import whom reads the graph that Nx leaves behind, and is skipped where there is none.
  await run(node, [bin('nx'), 'show', 'projects'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await run(node, [bin('eslint'), '--max-warnings', '0', '.']);
  await run(node, [bin('prettier'), '--check', '.']);
} catch (error) {
  exitWith(error);
}
