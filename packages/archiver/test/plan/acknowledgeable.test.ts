import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acknowledgeable } from '../../src/plan/acknowledgeable.js';
import { sampleRow } from '../../src/testing/sample-rows.js';

const context = { contextId: 'chat-1', life: 'life-1', archivedSeq: 10, lastSeq: 40 };

describe('what may be acknowledged', () => {
  test('never goes past a row that is missing, foreign or refused', () => {
    const seqs = fc.array(fc.integer({ min: 5, max: 40 }), { maxLength: 30 });
    const ordered = fc.uniqueArray(fc.integer({ min: 11, max: 40 })).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(
        fc.oneof(seqs, ordered),
        fc.option(fc.integer({ min: 11, max: 40 })),
        fc.integer({ min: 5, max: 45 }),
        (given, refused, foreign) => {
          const rows = given.map((seq) => sampleRow(seq, { life: seq === foreign ? 'life-0' : 'life-1' }));
          const acknowledged = acknowledgeable(context, rows, refused)?.seq ?? 10;
          const mine = new Set(given.filter((seq) => seq !== foreign && seq !== refused));
          for (let seq = 11; seq <= acknowledged; seq += 1) expect(mine).toContain(seq);
        },
      ),
    );
  });

  test('reaches the last row that follows without a hole', () => {
    const rows = [11, 12, 13, 15].map((seq) => sampleRow(seq));
    expect(acknowledgeable(context, rows, null)?.seq).toBe(13);
    expect(acknowledgeable(context, rows, 13)?.seq).toBe(12);
    expect(acknowledgeable(context, rows, 11)).toBeNull();
    expect(acknowledgeable(context, rows.slice(1), null)).toBeNull();
    expect(acknowledgeable(context, [], null)).toBeNull();
  });
});
