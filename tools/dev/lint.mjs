import path from 'node:path';
import { exitWith, node, root, run } from './prepare.mjs';

// The whole repository from its root, one package from within it.

const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const here = { cwd: process.cwd() };

try {
  const config = path.join(root, 'oxlint.config.ts');
  await run(node, [bin('oxlint'), '--type-aware', '--deny-warnings', '--config', config, '.'], here);
  await run(
    node,
    [bin('prettier'), '--check', '--ignore-path', path.join(root, '.prettierignore'), '.'],
    here,
  );
} catch (error) {
  exitWith(error);
}
