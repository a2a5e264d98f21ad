import { expect, test } from '@jest/globals';
import { readOptions } from '../src/options.ts';

test('a run says how to do it again: with everything that was asked for, and its seed', () => {
  expect(readOptions(['--minutes', '2', '--faults', 'kill,slow-link'], 77)).toMatchObject({
    seed: 77,
    faults: ['kill', 'slow link'],
    command: 'npm run chaos -- --minutes 2 --faults kill,slow-link --seed 77',
  });
  expect(readOptions(['--seed', '5'], 77)).toMatchObject({ seed: 5, command: 'npm run chaos -- --seed 5' });
});

test('a wrong option is named', () => {
  for (const [args, name] of [
    [['--minutes', 'x'], '--minutes'],
    [['--nodes', '0'], '--nodes'],
    [['--nodes', '1.5'], '--nodes'],
    [['--network', 'tin cans'], '--network'],
    [['--faults', 'kill,flood'], '--faults'],
  ] as const) {
    expect(() => readOptions(args, 1)).toThrow(name);
  }
  expect(readOptions(['--help'], 1)).toBeUndefined();
});
