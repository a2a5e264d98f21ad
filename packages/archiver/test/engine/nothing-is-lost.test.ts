import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Archiver } from '../../src/index.js';
import { createRandom } from '../support/random.js';
import { MemoryArchive } from '../support/memory-archive.js';
import { until } from '../support/until.js';
import { CheckedSource } from '../support/checked-source.js';

/** Everything that can go wrong, drawn from a seed. */
interface Weather {
  readonly seed: number;
  readonly writeFails: number;
  readonly answerLost: number;
  readonly refused: number;
  readonly acknowledgeFails: number;
  readonly erase: number;
  readonly batchRows: number;
  readonly batchBytes: number;
  readonly concurrentWrites: number;
}

const share = fc.double({ min: 0, max: 0.4, noNaN: true });
const weathers: fc.Arbitrary<Weather> = fc.record({
  seed: fc.nat(),
  writeFails: share,
  answerLost: share,
  refused: fc.double({ min: 0, max: 0.05, noNaN: true }),
  acknowledgeFails: share,
  erase: fc.double({ min: 0, max: 0.2, noNaN: true }),
  batchRows: fc.integer({ min: 2, max: 60 }),
  batchBytes: fc.integer({ min: 1, max: 6_000 }),
  concurrentWrites: fc.integer({ min: 1, max: 3 }),
});

const failure = (what: string) => new Error(`${what}, by the weather`);

async function stormyRun(weather: Weather): Promise<void> {
  const random = createRandom(weather.seed);
  const archive = new MemoryArchive();
  const source = new CheckedSource(archive);
  let stormy = true;
  const happens = (odds: number): boolean => stormy && random() < odds;
  const doomed = new Set<string>();
  archive.faults = {
    beforeWrite: () => {
      if (happens(weather.writeFails)) throw failure('The write failed');
    },
    afterWrite: () => {
      if (happens(weather.answerLost)) throw failure('The answer was lost');
    },
    beforeErase: () => {
      if (happens(weather.writeFails)) throw failure('The erasure failed');
    },
    refuses: (row) => {
      if (happens(weather.refused)) doomed.add(`${row.life} ${row.seq}`);
      return stormy && doomed.has(`${row.life} ${row.seq}`);
    },
  };
  source.beforeAcknowledge = () => {
    if (happens(weather.acknowledgeFails)) throw failure('The acknowledgement failed');
  };
  const { batchRows, batchBytes, concurrentWrites } = weather;
  const pauses = { firstBackoffMs: 0.01, largestBackoffMs: 0.02, firstRetryMs: 0.01, largestRetryMs: 0.02 };
  const options = { source, adapter: archive, batchRows, batchBytes, concurrentWrites, ...pauses, random };
  let archiver = new Archiver(options);
  for (let step = 0; step < 12; step += 1) {
    const contexts = 1 + Math.floor(random() * 8);
    for (let index = 0; index < contexts; index += 1) source.grow(`c${index}`, Math.floor(random() * 20));
    if (random() < weather.erase) source.erase(`c${Math.floor(random() * 8)}`);
    await archiver.flushNow().catch(() => undefined);
    source.expectNothingLost();
    // The node dies, another one goes on.
    if (random() < 0.2) archiver = new Archiver(options);
  }
  stormy = false;
  await until(async () => {
    await archiver.flushNow();
    return source.waiting().length === 0;
  }, 'the rest, in good weather');
  source.expectNothingLost();
  const living = source.livingLives();
  expect(archive.rows().filter(({ life }) => !living.has(life))).toEqual([]);
}

describe('whatever fails, and whoever dies', () => {
  test('each message is in the archive or still waits, nothing that was erased is there, and all arrives', async () => {
    await fc.assert(fc.asyncProperty(weathers, stormyRun), { numRuns: 40, endOnFailure: true });
  });
});
