import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { statementChunks } from '../../src/postgres/statement-chunks.js';
import { sampleRow } from '../../src/testing/sample-rows.js';

const rowOf = (bytes: number, index: number) => ({ ...sampleRow(index + 1), body: Buffer.alloc(bytes) });
const bytesOf = (rows: readonly { readonly body: Uint8Array }[]) =>
  rows.reduce((sum, { body }) => sum + body.byteLength, 0);

test('every row is in one statement, in order; none passes a limit but for a row that does so alone', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 60 });
  const limits = fc.record({ rows: fc.integer({ min: 1, max: 9 }), bytes: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(sizes, limits, (bytes, limit) => {
      const rows = bytes.map(rowOf);
      const chunks = statementChunks(rows, limit);
      expect(chunks.flat()).toEqual(rows);
      for (const [index, chunk] of chunks.entries()) {
        expect(chunk.length).toBeLessThanOrEqual(limit.rows);
        expect(chunk.length === 1 || bytesOf(chunk) <= limit.bytes).toBe(true);
        // No statement is smaller than it need be: the next row would not have fitted.
        const [next] = chunks[index + 1] ?? [];
        if (next === undefined) continue;
        const fits = chunk.length < limit.rows && bytesOf([...chunk, next]) <= limit.bytes;
        expect(fits).toBe(false);
      }
    }),
  );
});
