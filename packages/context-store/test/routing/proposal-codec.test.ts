import { groupId, nodeId, term, type RejectReason } from '@fastpaca/raft-core';
import { emptyWindow } from '@fastpaca/token-budget';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createProfile } from '../../src/context/context-codec.js';
import type { StoredContext } from '../../src/context/context-record.js';
import {
  decodeOutcome,
  decodeProposal,
  encodeOutcome,
  encodeProposal,
  type Proposal,
  type ProposalOutcome,
} from '../../src/routing/proposal-codec.js';
import type { CommandResult, Refusal } from '../../src/state/change.js';

const count = fc.maxSafeNat();
const text = fc.string({ unit: 'binary', maxLength: 100 });
const node = fc.string({ minLength: 1, maxLength: 60 }).map(nodeId);
const leadership = fc.record({ node, term: count.map(term) });

const refusal: fc.Arbitrary<Refusal> = fc.oneof(
  fc.record({
    reason: fc.constantFrom('not_found' as const, 'is_tombstoned' as const, 'metadata_too_large' as const),
  }),
  fc.record({ reason: fc.constant('conflict' as const), currentVersion: count }),
  fc.record({ reason: fc.constant('key_reused' as const), key: text }),
  fc.record({ reason: fc.constant('beyond_end' as const), lastSeq: count }),
  fc.record({ reason: fc.constant('replaced_further' as const), toSeq: count }),
  fc.record({
    reason: fc.constant('unsupported' as const),
    version: fc.integer({ min: 0, max: 255 }),
    type: fc.integer({ min: 0, max: 255 }),
  }),
  fc.record({ reason: fc.constant('malformed' as const), detail: text }),
);

const context: fc.Arbitrary<StoredContext> = fc
  .record({
    version: count,
    lastSeq: count,
    createdAt: count,
    metadata: fc.dictionary(fc.string(), fc.string()),
  })
  .map(({ metadata, ...numbers }) => {
    const profile = createProfile(8000, 0.7, '{"strategy":"manual"}', JSON.stringify(metadata));
    if (profile === null) throw new Error('The profile of the test is none.');
    const queue = { head: 1, tail: 2, headAppend: 3, headAt: 4 };
    const record = {
      ...numbers,
      status: 'active' as const,
      ordinal: 5,
      archivedSeq: 0,
      updatedAt: numbers.createdAt,
      appends: 9,
      queue,
      window: emptyWindow(),
      archive: { localFrom: 8, kept: [{ fromSeq: 2, toSeq: 3 }], place: 7 },
    };
    return { record, profile };
  });

const result: fc.Arbitrary<CommandResult> = fc.oneof(
  fc.record({
    kind: fc.constant('appended' as const),
    version: count,
    results: fc.array(fc.record({ seq: count, tokens: count }), { maxLength: 20 }),
    deduped: fc.boolean(),
    firstSeq: fc.option(fc.integer({ min: 1 })),
  }),
  fc.record({ kind: fc.constant('compacted' as const), version: count }),
  fc.record({ kind: fc.constant('stored' as const), created: fc.boolean(), context }),
  fc.record({ kind: fc.constantFrom('tombstoned' as const, 'erased' as const, 'erasure_done' as const) }),
  fc.record({
    kind: fc.constant('archived' as const),
    outcomes: fc.array(fc.record({ taken: fc.boolean(), unfinished: fc.boolean() }), { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constant('refused' as const), refusal }),
);

const outcome: fc.Arbitrary<ProposalOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('committed' as const), result }),
  fc.record({
    kind: fc.constant('rejected' as const),
    reason: fc.constantFrom<RejectReason>(
      'not_leader',
      'overloaded',
      'too_large',
      'no_group',
      'damaged',
      'closing',
      'transferring',
    ),
    leader: fc.option(leadership),
  }),
  fc.record({ kind: fc.constant('unknown' as const), reason: text }),
);

const proposal: fc.Arbitrary<Proposal> = fc.record({
  group: fc.integer({ min: 0, max: 0xffff }).map(groupId),
  leader: node,
  term: count.map(term),
  relay: fc.boolean(),
  traceparent: fc.constantFrom('', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
  command: fc.uint8Array({ maxLength: 500 }),
});

describe('a proposal between nodes', () => {
  test('arrives as it was sent', () => {
    fc.assert(
      fc.property(proposal, (sent) => {
        const { command, ...header } = decodeProposal(encodeProposal(sent));
        expect({ ...header, command: Uint8Array.from(command) }).toEqual(sent);
      }),
    );
  });

  test('a header that a later release made longer is understood', () => {
    const sent = { group: groupId(7), leader: nodeId('a'), term: term(3), relay: true, traceparent: '' };
    const bytes = encodeProposal({ ...sent, command: Uint8Array.of(1, 2, 3) });
    const headerLength = bytes[1] ?? 0;
    const longer = Buffer.concat([
      Uint8Array.of(1, headerLength + 2),
      bytes.subarray(2, 2 + headerLength),
      Uint8Array.of(9, 9),
      bytes.subarray(2 + headerLength),
    ]);
    const { command, ...header } = decodeProposal(longer);
    expect(header).toEqual(sent);
    expect([...command]).toEqual([1, 2, 3]);
  });

  test('bytes that are none are refused before anything is proposed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeProposal(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
    expect(() => decodeProposal(Uint8Array.of(2))).toThrow('upgrade this node');
  });
});

describe('the outcome of a proposal', () => {
  test('arrives as it was sent, also with what a later release adds at its end', () => {
    fc.assert(
      fc.property(outcome, fc.uint8Array({ maxLength: 20 }), (sent, added) => {
        expect(decodeOutcome(encodeOutcome(sent))).toEqual(sent);
        // Longer at the end, where this release does not look.
        expect(decodeOutcome(Buffer.concat([encodeOutcome(sent), added]))).toEqual(sent);
      }),
    );
  });

  test('that cannot be read is unknown, not failed', () => {
    fc.assert(
      fc.property(outcome, fc.nat(), (sent, length) => {
        const bytes = encodeOutcome(sent);
        const cut = decodeOutcome(bytes.subarray(0, length % bytes.length));
        expect(cut).toEqual({ kind: 'unknown', reason: 'unreadable' });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => typeof decodeOutcome(bytes).kind === 'string'),
    );
  });

  test('of a kind, result or refusal of a later release is unknown; a rejection of one is a rejection', () => {
    expect(decodeOutcome(Uint8Array.of(1, 77))).toMatchObject({ kind: 'unknown' });
    expect(decodeOutcome(Uint8Array.of(1, 1, 77))).toMatchObject({ kind: 'unknown' });
    expect(decodeOutcome(Uint8Array.of(1, 1, 6, 77))).toMatchObject({ kind: 'unknown' });
    expect(decodeOutcome(Uint8Array.of(1, 2, 77, 0, 0))).toEqual({
      kind: 'rejected',
      reason: 'not_leader',
      leader: null,
    });
  });
});
