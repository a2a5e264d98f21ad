import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { MalformedError } from '../../src/codec/byte-reader.js';
import { decodeEntry, encodeEntry, type ChangeEntry } from '../../src/stream/change-entry.js';
import { decodePage, decodePosition, encodePage, encodePosition } from '../../src/stream/changes-codec.js';
import type { ChangesPage, StreamChange, StreamPosition } from '../../src/stream/stream-change.js';

const number = fc.maxSafeNat();
const load = fc.record({ usedTokens: number, needsCompaction: fc.boolean() });
const range = fc.record({ fromSeq: number, toSeq: number });
const position: fc.Arbitrary<StreamPosition> = fc.record({
  life: number,
  version: number,
  messages: number,
  load: fc.option(load),
});
const body = fc.string().map((text) => new Uint8Array(Buffer.from(JSON.stringify(text))));
const version = number;
const change: fc.Arbitrary<StreamChange> = fc.oneof(
  fc.record({
    type: fc.constant('message' as const),
    version,
    seq: number,
    message: fc.option(body),
    last: fc.boolean(),
  }),
  fc.record({ type: fc.constant('compaction' as const), version, range, last: fc.boolean() }),
  fc.record({
    type: fc.constant('context' as const),
    version,
    usedTokens: number,
    needsCompaction: fc.boolean(),
  }),
  fc.record({ type: fc.constantFrom('tombstoned' as const, 'reset' as const), version }),
  fc.record({ type: fc.constant('gap' as const), version, expected: number, actual: number }),
);
const page: fc.Arbitrary<ChangesPage> = fc.record({
  changes: fc.array(change),
  next: position,
  ended: fc.boolean(),
});
const entry: fc.Arbitrary<ChangeEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    lastSeq: number,
    count: number,
    load: fc.option(load),
  }),
  fc.record({ kind: fc.constant('compaction' as const), lastSeq: number, range, load: fc.option(load) }),
);

describe('what goes between nodes and to disk', () => {
  test('a position comes back as it was', () => {
    fc.assert(
      fc.property(position, (each) => void expect(decodePosition(encodePosition(each))).toEqual(each)),
    );
  });

  test('a page comes back as it was', () => {
    fc.assert(
      fc.property(page, (each) => void expect(plain(decodePage(encodePage(each)))).toEqual(plain(each))),
    );
  });

  test('an entry of the change index comes back as it was', () => {
    fc.assert(fc.property(entry, (each) => void expect(decodeEntry(encodeEntry(each))).toEqual(each)));
  });

  test('bytes of another kind throw MalformedError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        for (const decode of [decodePage, decodePosition, decodeEntry]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
          }
        }
      }),
    );
  });
});

/** Buffers and byte arrays alike. */
const plain = ({ changes, ...rest }: ChangesPage): unknown => ({
  ...rest,
  changes: changes.map((each) =>
    each.type === 'message' && each.message !== null
      ? { ...each, message: Buffer.from(each.message).toString() }
      : each,
  ),
});
