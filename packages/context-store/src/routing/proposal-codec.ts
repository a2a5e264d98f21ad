import {
  groupId,
  nodeId,
  term,
  type GroupId,
  type NodeId,
  type RejectReason,
  type Term,
} from '@fastpaca/raft-core';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { CommandResult } from '../state/change.js';
import { readLeader, writeLeader } from './leader-codec.js';
import type { Leadership } from './leaderships.js';
import { readResult, writeResult } from './result-codec.js';

/** A command on its way to the node that leads its group. */
export interface Proposal {
  readonly group: GroupId;
  /** It is proposed by this node in this term, or not at all: see docs/architecture.md, "Routing". */
  readonly leader: NodeId;
  readonly term: Term;
  /** Whether a node that is not the leader may pass it on, once. */
  readonly relay: boolean;
  /** Of the trace that it belongs to, W3C; empty where it is not traced. */
  readonly traceparent: string;
  readonly command: Uint8Array;
}

/** How a proposal ended on the node that it was sent to. */
export type ProposalOutcome =
  | { readonly kind: 'committed'; readonly result: CommandResult }
  /** Certainly not in any log. `leader`: who leads, as far as that node knows. */
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly leader: Leadership | null }
  | { readonly kind: 'unknown'; readonly reason: string };

/*
 * Formats of neighbouring releases: a proposal has a header with its length, an outcome ends with what a
 * later release adds. A reader skips what it does not know. The number changes only where that is not enough.
 */
const format = 1;
const outcomes = { committed: 1, rejected: 2, unknown: 3 } as const;
const rejections: readonly RejectReason[] = [
  'not_leader',
  'overloaded',
  'too_large',
  'no_group',
  'damaged',
  'closing',
  'transferring',
];

/** The command's bytes are copied once, into the request; it is not encoded again. */
export function encodeProposal(proposal: Proposal): Uint8Array {
  const header = new ByteWriter(64)
    .varint(proposal.group)
    .string(proposal.leader)
    .varint(proposal.term)
    .u8(Number(proposal.relay))
    .string(proposal.traceparent)
    .finish();
  return new ByteWriter(8 + header.length + proposal.command.length)
    .u8(format)
    .bytes(header)
    .raw(proposal.command)
    .finish();
}

/** The command is a view of `bytes`. @throws MalformedError */
export function decodeProposal(bytes: Uint8Array): Proposal {
  const reader = openFormat(bytes);
  const header = new ByteReader(reader.bytes());
  return {
    group: groupId(header.varint()),
    leader: nodeId(header.string()),
    term: term(header.varint()),
    relay: header.boolean(),
    // A node of the release before does not send it.
    traceparent: header.remaining > 0 ? header.string() : '',
    command: reader.raw(reader.remaining),
  };
}

export function encodeOutcome(outcome: ProposalOutcome): Uint8Array {
  const writer = new ByteWriter(64).u8(format).u8(outcomes[outcome.kind]);
  switch (outcome.kind) {
    case 'committed':
      writeResult(writer, outcome.result);
      break;
    case 'rejected':
      writeLeader(writer.u8(rejections.indexOf(outcome.reason)), outcome.leader);
      break;
    case 'unknown':
      writer.string(outcome.reason);
      break;
  }
  return writer.finish();
}

/** Total: what cannot be read may have been a success, so it is an unknown outcome. */
export function decodeOutcome(bytes: Uint8Array): ProposalOutcome {
  try {
    return readOutcome(openFormat(bytes));
  } catch (error) {
    // The codecs of other packages say RangeError.
    if (error instanceof MalformedError || error instanceof RangeError) {
      return { kind: 'unknown', reason: 'unreadable' };
    }
    throw error;
  }
}

function readOutcome(reader: ByteReader): ProposalOutcome {
  const kind = reader.u8();
  switch (kind) {
    case outcomes.committed:
      return { kind: 'committed', result: readResult(reader) };
    case outcomes.rejected: {
      // A reason of a later release: certainly not appended, which is all that it takes to go on.
      const reason = rejections[reader.u8()] ?? 'not_leader';
      return { kind: 'rejected', reason, leader: readLeader(reader) };
    }
    case outcomes.unknown:
      return { kind: 'unknown', reason: reader.string() };
    default:
      throw new MalformedError(`An outcome of kind ${kind} is not known; upgrade this node.`);
  }
}

function openFormat(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`Proposal format ${found} is not known; upgrade this node.`);
  return reader;
}
