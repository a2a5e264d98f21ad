import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { contextId } from '../../src/context/context-id.js';
import { readPage, readTail } from '../../src/paging/read-messages.js';
import { StoreError } from '../../src/store-error.js';
import { readWindow } from '../../src/window/read-window.js';
import { history } from '../support/actions.js';
import { changesOfMachine } from '../support/collect-changes.js';
import { exportAll } from '../support/export-all.js';
import { GroupBench, putCommandOf, text as message } from '../support/group-bench.js';
import { runHistory } from '../support/run-history.js';

const small = fc.integer({ min: 0, max: 25 });
interface Question {
  readonly limit: number;
  readonly offset?: number;
  readonly fromSeq?: number;
  readonly toSeq?: number;
  readonly cursor?: number;
}

const question: fc.Arbitrary<Question> = fc.record(
  {
    limit: fc.integer({ min: 1, max: 25 }),
    offset: small,
    fromSeq: fc.integer({ min: -25, max: 25 }),
    toSeq: small,
    cursor: small,
  },
  { requiredKeys: ['limit'] },
);

describe('between archive and local log', () => {
  test('there is no seam: every read answers as if nothing had been trimmed', async () => {
    await fc.assert(
      fc.asyncProperty(
        history(50),
        fc.constantFrom(1, 6_000, 1 << 20),
        fc.array(question, { minLength: 5, maxLength: 10 }),
        async (actions, cacheBytes, questions) => {
          const whole = await GroupBench.create({ cacheBytes });
          const trimmed = await GroupBench.create({ cacheBytes });
          try {
            await runHistory(
              whole,
              actions.filter(({ type }) => type !== 'archive'),
            );
            await runHistory(trimmed, actions);
            for (const id of ['a', 'b', 'c']) {
              for (const each of questions) {
                expect(await answers(trimmed, id, each)).toEqual(await answers(whole, id, each));
              }
            }
          } finally {
            await whole.close();
            await trimmed.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);
});

/** What every kind of read says; texts, so that a difference can be read. */
async function answers(bench: GroupBench, name: string, asked: Question): Promise<unknown> {
  const id = contextId(name);
  const { limit, offset, fromSeq, toSeq, cursor } = asked;
  const range = { ...(fromSeq !== undefined && { fromSeq }), ...(toSeq !== undefined && { toSeq }) };
  const tail = orError(async () =>
    texts(await readTail(bench.source, id, { limit, ...(offset !== undefined && { offset }) })),
  );
  const page = orError(async () => {
    const { messages, nextCursor } = await readPage(bench.source, id, {
      ...range,
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    return { messages: texts(messages), nextCursor };
  });
  const exported = orError(() => exportAll(bench.source, id, range));
  const window = orError(async () => {
    const view = await readWindow(bench.machine, id, {});
    return { ...view, messages: texts(view.messages) };
  });
  const stream = orError(async () => {
    const changes = await changesOfMachine(bench.machine, name, cursor ?? 0, bench.reader);
    return changes.map((change) =>
      change.type === 'message' ? { ...change, message: text(change.message) } : change,
    );
  });
  return {
    tail: await tail,
    page: await page,
    exported: await exported,
    window: await window,
    stream: await stream,
  };
}

async function orError(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StoreError) return { error: error.code, details: error.details };
    throw error;
  }
}

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
const texts = (all: readonly Uint8Array[]): string[] => all.map(text);

test.each([
  ['tail', readTail],
  ['page', readPage],
])('a %s of a context that is erased while the archive answers says that it is gone', async (_, read) => {
  const bench = await GroupBench.create();
  try {
    const id = contextId('a');
    const policy = { given: true, value: '{"strategy":"last_n","config":{"limit":1}}' };
    await bench.run(putCommandOf('a', { policy }));
    for (let seq = 1; seq <= 4; seq += 1) await bench.append('a', [message('x')]);
    await bench.archiveUpTo('a', { share: 0.5, tailKeep: 0, trimSteps: 100 });
    expect(bench.machine.context(id)?.record.archive.localFrom).toBe(3);
    const answers = Promise.withResolvers<undefined>();
    bench.archive.gate = answers.promise.then(() => undefined);
    const reading = read(bench.source, id, { limit: 4 });
    await bench.run({ type: 'erase', id, at: 3_000_000 });
    answers.resolve(undefined);
    await expect(reading).rejects.toMatchObject({ code: 'context_not_found' });
  } finally {
    await bench.close();
  }
});
