import path from 'node:path';
import { exitWith, node, root, run } from './prepare.mjs';

// The whole repository from its root, one package from within it. ESLint needs no types for the rules that it has; those
// that do are Oxlint's, which asks TypeScript 7 for them.

const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const here = { cwd: process.cwd() };

try {
  // The rule on who may import whom reads the graph that Nx leaves behind, and is skipped where there is none.
  await run(node, [bin('nx'), 'show', 'projects'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await run(node, [bin('eslint'), '--max-warnings', '0', '.'], here);
  const typed = ['--type-aware', '--deny-warnings', '--config', path.join(root, '.oxlintrc.json')];
  await run(node, [bin('oxlint'), ...typed, '.'], here);
  await run(
    node,
    [bin('prettier'), '--check', '--ignore-path', path.join(root, '.prettierignore'), '.'],
    here,
  );
} catch (error) {
  exitWith(error);
}
