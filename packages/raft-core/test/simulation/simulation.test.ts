import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { replayCommand, simulate } from '../../src/testing/index.js';
import type { SimulationResult } from '../../src/testing/index.js';

const run = promisify(execFile);

/** Runs a script on the sources in a process of its own, at full speed, and parses what it prints. */
async function script(name: string, ...options: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const flags = ['--disable-warning=ExperimentalWarning', path, '--json', ...options];
  const { stdout } = await run(process.execPath, flags, { maxBuffer: 1 << 28 }).catch(
    (error: { stdout: string; stderr: string }) => {
      if (error.stdout.length > 0) return error;
      throw new Error(`${name} failed:\n${error.stderr}`);
    },
  );
  return JSON.parse(stdout);
}

interface Run {
  readonly seconds: number;
  readonly results: readonly SimulationResult[];
}

interface Finding {
  readonly name: string;
  readonly focused: boolean;
  readonly seeds: number | null;
  readonly rule: string | null;
}

const seeds = Number(process.env['SIMULATION_SEEDS'] ?? 300);
const steps = Number(process.env['SIMULATION_STEPS'] ?? 20_000);
/** Each in a process of its own, so that two cores are used. */
const shares = [0, 1];

async function simulateAll(first: number, count: number, length: number): Promise<Run[]> {
  const each = Math.ceil(count / shares.length);
  const runs = shares.map((share) => {
    const from = first + share * each;
    const options = { from, seeds: Math.min(each, first + count - from), steps: length };
    return script(
      'simulate.mjs',
      '--all',
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    );
  });
  return (await Promise.all(runs)) as Run[];
}

describe('the simulator', () => {
  test(`finds nothing in ${seeds} seeds of ${steps} steps`, async () => {
    const runs = await simulateAll(1, seeds, steps);
    const results = runs.flatMap((each) => each.results);
    const broken = results
      .filter(({ violation }) => violation !== null)
      .map(({ seed, violation }) => `${replayCommand(seed, steps)}   # ${violation?.message}`);
    expect(broken).toEqual([]);
    expect(results).toHaveLength(seeds);
    // It must have done something: entries committed, reads answered, leaders lost in nearly every run.
    const busy = results.filter(({ committed, reads, terms }) => committed > 20 && reads > 5 && terms > 1);
    expect(busy.length).toBeGreaterThan(seeds * 0.8);
    const total = results.reduce((sum, result) => sum + result.steps, 0);
    const seconds = Math.max(...runs.map((each) => each.seconds));
    process.stdout.write(`${results.length} seeds, ${total} steps in ${seconds.toFixed(1)} s\n`);
  }, 300_000);

  test('repeats itself: two runs of a seed give the same trace, in any process', async () => {
    const results = (await simulateAll(5_000, 20, 3_000)).flatMap((each) => each.results);
    for (const result of results) {
      const lines: string[] = [];
      const again = simulate({ seed: result.seed, steps: 3_000, onLine: (line) => lines.push(line) });
      expect(again).toEqual(result);
      expect(lines.length).toBeGreaterThan(100);
    }
    expect(new Set(results.map(({ hash }) => hash)).size).toBe(results.length);
  });
});

describe('the simulator can fail', () => {
  test('every deliberate defect is found', async () => {
    const halves = shares.map((share) => script('find-defects.mjs', '--share', `${share}/${shares.length}`));
    const table = ((await Promise.all(halves)) as Finding[][]).flat();
    const line = (name: string, needed: string, rule: string): string =>
      `${name.padEnd(42)} ${needed.padStart(6)}  ${rule}`;
    const lines = table
      .sort((x, y) => x.name.localeCompare(y.name))
      .map(({ name, seeds: needed, rule, focused }) =>
        line(name, String(needed ?? 'never'), `${rule ?? ''}${focused ? ' (focused)' : ''}`),
      );
    process.stdout.write(`${[line('defect', 'seeds', 'found by'), ...lines].join('\n')}\n`);
    expect(table.filter(({ seeds: needed }) => needed === null).map(({ name }) => name)).toEqual([]);
    expect(table.length).toBeGreaterThanOrEqual(20);
  }, 600_000);
});
