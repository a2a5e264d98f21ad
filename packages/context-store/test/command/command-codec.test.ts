import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { decodeCommand, encodeCommand } from '../../src/command/command-codec.js';
import type { ImportedContext, ImportEntry, LogCommand } from '../../src/command/command.js';
import type { ContextId } from '../../src/context/context-id.js';

const id = fc
  .array(fc.constantFrom(...'azAZ09._:@-'), { minLength: 1, maxLength: 256 })
  .map((characters) => characters.join('') as ContextId);
const at = fc.integer({ min: 0, max: 8_640_000_000_000_000 });
const count = fc.maxSafeNat().filter((value) => value < Number.MAX_SAFE_INTEGER);
const optional = fc.option(count);
const hash = fc.uint8Array({ minLength: 16, maxLength: 16 });
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 });
const bytes = fc.uint8Array({ maxLength: 300 });
const messages = (minLength: number) =>
  fc.array(fc.record({ identity: fc.option(fc.record({ id: key, hash })), stored: bytes }), {
    minLength,
    maxLength: 5,
  });
const setting = <T>(value: fc.Arbitrary<T>) => fc.record({ given: fc.boolean(), value });
const text = fc.string({ unit: 'binary' });

const importEntry: fc.Arbitrary<ImportEntry> = fc.oneof(
  fc.record({ section: fc.constantFrom('replacement' as const, 'message' as const), stored: bytes }),
  fc.record({ section: fc.constant('change' as const), version: count, entry: bytes }),
  fc.record({
    section: fc.constant('key' as const),
    key: fc.record({
      kind: fc.constantFrom('call' as const, 'message' as const),
      key,
      append: count,
      at: count,
      hash,
      version: count,
      results: fc.array(fc.record({ seq: count, tokens: count }), { maxLength: 3 }),
    }),
  }),
);

const importedContext: fc.Arbitrary<ImportedContext> = fc.record({
  status: fc.constantFrom('active' as const, 'tombstoned' as const),
  version: count,
  lastSeq: count,
  createdAt: count,
  updatedAt: count,
  appends: count,
  window: bytes,
  tokenBudget: count,
  triggerRatio: fc.double({ noNaN: true }),
  policy: text,
  metadata: text,
});

const command: fc.Arbitrary<LogCommand> = fc.oneof(
  fc.record({
    type: fc.constant('import' as const),
    id,
    at,
    replace: fc.boolean(),
    stage: optional,
    from: count,
    entries: fc.array(importEntry, { maxLength: 4 }),
    finish: fc.oneof(fc.constantFrom(null, 'discard' as const), importedContext),
  }),
  fc.record({
    type: fc.constant('append' as const),
    id,
    at,
    ifVersion: optional,
    call: fc.option(fc.record({ key, hash })),
    messages: messages(1),
  }),
  fc.record({
    type: fc.constant('compact' as const),
    id,
    at,
    ifVersion: optional,
    upToSeq: optional,
    messages: messages(0),
  }),
  fc.record({
    type: fc.constant('put' as const),
    id,
    at,
    tokenBudget: setting(count),
    triggerRatio: setting(fc.double({ noNaN: true })),
    policy: setting(text),
    metadata: setting(text),
    activate: fc.boolean(),
  }),
  fc.record({ type: fc.constant('patch_metadata' as const), id, at, patch: text }),
  fc.record({ type: fc.constantFrom('tombstone' as const, 'erase' as const), id, at }),
  fc.record({ type: fc.constant('erasure_done' as const), id, at, ordinal: count }),
  fc.record({
    type: fc.constant('archived' as const),
    at,
    tailKeep: count,
    trimSteps: count,
    items: fc.array(fc.record({ id, ordinal: count, seq: count, restSince: optional }), { maxLength: 5 }),
  }),
);

/** Buffers and Uint8Arrays of the same bytes are the same here. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, each: unknown) => {
      if (typeof each === 'object' && each !== null && 'type' in each && 'data' in each) return each.data;
      return each instanceof Uint8Array ? [...each] : each;
    }),
  );

describe('a command', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(command, (original) => {
        const decoded = decodeCommand(encodeCommand(original));
        expect(decoded.kind).toBe('command');
        expect(plain('command' in decoded && decoded.command)).toEqual(plain(original));
      }),
    );
  });

  test('has one encoding: what can be read is written the same again', () => {
    fc.assert(
      fc.property(command, fc.nat(), fc.integer({ min: 1, max: 255 }), (original, place, flip) => {
        const data = Buffer.from(encodeCommand(original));
        const at = place % data.length;
        data[at] = (data[at] ?? 0) ^ flip;
        const decoded = decodeCommand(data);
        if (decoded.kind === 'command') expect(Buffer.from(encodeCommand(decoded.command))).toEqual(data);
      }),
      { numRuns: 500 },
    );
  });

  test('cut off anywhere is malformed, and not another command', () => {
    fc.assert(
      fc.property(command, fc.nat(), (original, place) => {
        const data = encodeCommand(original);
        expect(decodeCommand(data.subarray(0, place % data.length)).kind).not.toBe('command');
      }),
      { numRuns: 300 },
    );
  });
});
