import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { archiveRow } from '../../src/archive/archive-row.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import { estimator } from '../support/group-bench.js';

describe('a row of the archive', () => {
  test('has role, tokens and time of any message, and its JSON as it is answered', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      fc.constantFrom('","inserted_at":"2020-01-01T00:00:00.000Z"}', '"role":"x","parts":[', 'ü🙂\u0000'),
    );
    const message = fc.record(
      {
        role: text.filter((role) => role.length <= 64),
        parts: fc.array(
          text.map((each) => ({ type: 'text', text: each })),
          { minLength: 1, maxLength: 3 },
        ),
        metadata: fc.dictionary(text, text, { maxKeys: 2 }),
        id: text,
        tokenCount: fc.integer({ min: 0, max: 1_000_000_000 }),
      },
      { requiredKeys: ['role', 'parts'] },
    );
    const time = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
    await fc.assert(
      fc.asyncProperty(message, time, fc.integer({ min: 1 }), async (input, at, seq) => {
        const [prepared] = await prepareMessages([input], estimator, at);
        if (prepared === undefined) throw new Error('Nothing was prepared.');
        const row = archiveRow({ contextId: 'demo', life: '1' }, seq, prepared.stored);
        const json = JSON.parse(Buffer.from(row.body).toString()) as Record<string, unknown>;
        expect(row).toMatchObject({ contextId: 'demo', life: '1', seq, role: input.role, insertedAt: at });
        expect(json).toMatchObject({ seq, role: input.role, token_count: row.tokenCount });
      }),
      { numRuns: 200 },
    );
  });
});
