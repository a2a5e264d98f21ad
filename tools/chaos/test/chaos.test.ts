import { expect, test } from '@jest/globals';
import { runTool } from './run-tool.ts';

// The short form of `npm run chaos`: real processes, a few faults, every check.

test('nodes are killed, paused and cut off, and every promise is kept', async () => {
  const run = runTool('main.ts', [
    ...['--nodes', '3', '--minutes', '0.26', '--seed', '131'],
    ...['--faults', 'kill,pause,cut', '--clients', '4', '--contexts', '8'],
  ]);
  const code = await run.ended;
  const output = run.output();
  expect(output).toContain('clean: every promise was kept');
  expect(code).toBe(0);
  // Something was done, something was checked: an empty run would be clean as well.
  for (const fault of [/kill -9 n\d/, /pause n\d/, /cut /]) expect(output).toMatch(fault);
  expect(Number(/so far (\d+) ok/.exec(output)?.[1])).toBeGreaterThan(20);
  expect(Number(/(\d+) messages in 8 contexts read from every node/.exec(output)?.[1])).toBeGreaterThan(20);
  expect(output).toMatch(/257 groups compared byte by byte, over 771 replicas/);
}, 240_000);

test('a wrong option is named, and nothing runs', async () => {
  const run = runTool('main.ts', ['--faults', 'flood']);
  expect(await run.ended).toBe(2);
  expect(run.output()).toContain('--faults is one of kill, pause');
});
