import { MalformedError, type ByteReader } from '../codec/byte-reader.js';
import type { ByteWriter } from '../codec/byte-writer.js';
import { decodeProfile, decodeRecord, encodeProfile, encodeRecord } from '../context/context-codec.js';
import type { AppendedSeq, ArchivedOutcome, CommandResult, Refusal } from '../state/change.js';

/*
 * Results of commands between nodes. Kinds and reasons keep their numbers; a later release adds fields at
 * the end, where an earlier one does not look.
 */
const kinds = {
  appended: 1,
  compacted: 2,
  stored: 3,
  tombstoned: 4,
  erased: 5,
  refused: 6,
  archived: 7,
  erasure_done: 8,
  staged: 16,
  imported: 17,
} as const;
const reasons = {
  not_found: 1,
  is_tombstoned: 2,
  conflict: 3,
  key_reused: 4,
  beyond_end: 5,
  metadata_too_large: 6,
  unsupported: 7,
  malformed: 8,
  replaced_further: 9,
  import_exists: 16,
  import_superseded: 17,
  import_invalid: 18,
} as const;

export function writeResult(writer: ByteWriter, result: CommandResult): void {
  writer.u8(kinds[result.kind]);
  switch (result.kind) {
    case 'appended':
      writer
        .varint(result.version)
        .u8(Number(result.deduped))
        .varint(result.firstSeq ?? 0)
        .varint(result.results.length);
      for (const { seq, tokens } of result.results) writer.varint(seq).varint(tokens);
      break;
    case 'compacted':
      writer.varint(result.version);
      break;
    case 'stored':
      writer
        .u8(Number(result.created))
        .bytes(encodeRecord(result.context.record))
        .bytes(encodeProfile(result.context.profile));
      break;
    case 'staged':
      writer.varint(result.stage);
      break;
    case 'tombstoned':
    case 'erased':
    case 'erasure_done':
    case 'imported':
      break;
    case 'archived':
      writer.varint(result.outcomes.length);
      for (const { taken, unfinished } of result.outcomes) writer.u8(Number(taken)).u8(Number(unfinished));
      break;
    case 'refused':
      writeRefusal(writer, result.refusal);
      break;
  }
}

/** @throws MalformedError, also on the kind of a later release */
export function readResult(reader: ByteReader): CommandResult {
  const kind = reader.u8();
  switch (kind) {
    case kinds.appended: {
      const version = reader.varint();
      const deduped = reader.boolean();
      const firstSeq = reader.varint();
      const results = readResults(reader);
      return { kind: 'appended', version, results, deduped, firstSeq: firstSeq === 0 ? null : firstSeq };
    }
    case kinds.compacted:
      return { kind: 'compacted', version: reader.varint() };
    case kinds.stored: {
      const created = reader.boolean();
      const record = decodeRecord(reader.bytes());
      return { kind: 'stored', created, context: { record, profile: decodeProfile(reader.bytes()) } };
    }
    case kinds.tombstoned:
      return { kind: 'tombstoned' };
    case kinds.erased:
      return { kind: 'erased' };
    case kinds.archived:
      return { kind: 'archived', outcomes: readOutcomes(reader) };
    case kinds.erasure_done:
      return { kind: 'erasure_done' };
    case kinds.staged:
      return { kind: 'staged', stage: reader.varint() };
    case kinds.imported:
      return { kind: 'imported' };
    case kinds.refused:
      return { kind: 'refused', refusal: readRefusal(reader) };
    default:
      throw new MalformedError(`A result of kind ${kind} is not known; upgrade this node.`);
  }
}

function readResults(reader: ByteReader): readonly AppendedSeq[] {
  const count = reader.varint();
  if (count * 2 > reader.remaining) throw new MalformedError('There are fewer results than counted.');
  return Array.from({ length: count }, () => ({ seq: reader.varint(), tokens: reader.varint() }));
}

function readOutcomes(reader: ByteReader): readonly ArchivedOutcome[] {
  const count = reader.varint();
  if (count * 2 > reader.remaining) throw new MalformedError('There are fewer outcomes than counted.');
  return Array.from({ length: count }, () => ({ taken: reader.boolean(), unfinished: reader.boolean() }));
}

function writeRefusal(writer: ByteWriter, refusal: Refusal): void {
  writer.u8(reasons[refusal.reason]);
  switch (refusal.reason) {
    case 'conflict':
      writer.varint(refusal.currentVersion);
      break;
    case 'key_reused':
      writer.string(refusal.key);
      break;
    case 'beyond_end':
      writer.varint(refusal.lastSeq);
      break;
    case 'replaced_further':
      writer.varint(refusal.toSeq);
      break;
    case 'unsupported':
      writer.u8(refusal.version).u8(refusal.type);
      break;
    case 'malformed':
    case 'import_invalid':
      writer.string(refusal.detail);
      break;
    case 'not_found':
    case 'is_tombstoned':
    case 'metadata_too_large':
    case 'import_exists':
    case 'import_superseded':
      break;
  }
}

function readRefusal(reader: ByteReader): Refusal {
  const reason = reader.u8();
  switch (reason) {
    case reasons.not_found:
      return { reason: 'not_found' };
    case reasons.is_tombstoned:
      return { reason: 'is_tombstoned' };
    case reasons.conflict:
      return { reason: 'conflict', currentVersion: reader.varint() };
    case reasons.key_reused:
      return { reason: 'key_reused', key: reader.string() };
    case reasons.beyond_end:
      return { reason: 'beyond_end', lastSeq: reader.varint() };
    case reasons.replaced_further:
      return { reason: 'replaced_further', toSeq: reader.varint() };
    case reasons.metadata_too_large:
      return { reason: 'metadata_too_large' };
    case reasons.unsupported:
      return { reason: 'unsupported', version: reader.u8(), type: reader.u8() };
    case reasons.malformed:
      return { reason: 'malformed', detail: reader.string() };
    case reasons.import_exists:
      return { reason: 'import_exists' };
    case reasons.import_superseded:
      return { reason: 'import_superseded' };
    case reasons.import_invalid:
      return { reason: 'import_invalid', detail: reader.string() };
    default:
      throw new MalformedError(`A refusal of kind ${reason} is not known; upgrade this node.`);
  }
}
