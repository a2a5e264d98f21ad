import { decodeWindowState, encodeWindowState, type SeqRange } from '@fastpaca/token-budget';

import type { ArchiveProgress } from '../archive/archive-progress.js';
import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { ContextProfile, ContextRecord } from './context-record.js';
import type { ContextStatus } from './context-view.js';
import { parseJsonObject } from './json.js';
import { parsePolicy } from './window-policy.js';

const format = 1;
const statuses: readonly ContextStatus[] = ['active', 'tombstoned'];

export function encodeRecord(record: ContextRecord): Uint8Array {
  const writer = new ByteWriter(160)
    .u8(format)
    .u8(statuses.indexOf(record.status))
    .varint(record.ordinal)
    .varint(record.version)
    .varint(record.lastSeq)
    .varint(record.archivedSeq)
    .varint(record.createdAt)
    .varint(record.updatedAt)
    .varint(record.appends)
    .varint(record.queue.head)
    .varint(record.queue.tail)
    .varint(record.queue.headAppend)
    .varint(record.queue.headAt)
    .varint(record.archive.localFrom)
    .varint(record.archive.place)
    .varint(record.archive.kept.length);
  for (const { fromSeq, toSeq } of record.archive.kept) writer.varint(fromSeq).varint(toSeq);
  return writer.raw(encodeWindowState(record.window)).finish();
}

/** @throws MalformedError where the bytes are not a record of this format. */
export function decodeRecord(bytes: Uint8Array): ContextRecord {
  const reader = openFormat(bytes);
  const status = statuses[reader.u8()];
  if (status === undefined) throw new MalformedError('The status of a context is not known.');
  return {
    status,
    ordinal: reader.varint(),
    version: reader.varint(),
    lastSeq: reader.varint(),
    archivedSeq: reader.varint(),
    createdAt: reader.varint(),
    updatedAt: reader.varint(),
    appends: reader.varint(),
    queue: {
      head: reader.varint(),
      tail: reader.varint(),
      headAppend: reader.varint(),
      headAt: reader.varint(),
    },
    archive: readProgress(reader),
    window: decodeWindowState(reader.raw(reader.remaining)),
  };
}

function readProgress(reader: ByteReader): ArchiveProgress {
  const localFrom = reader.varint();
  const place = reader.varint();
  const count = reader.varint();
  const kept: SeqRange[] = [];
  for (let read = 0; read < count; read += 1) {
    kept.push({ fromSeq: reader.varint(), toSeq: reader.varint() });
  }
  return { localFrom, kept, place };
}

export function encodeProfile(profile: ContextProfile): Uint8Array {
  return new ByteWriter(64 + profile.policyText.length + profile.metadataText.length)
    .u8(format)
    .varint(profile.tokenBudget)
    .f64(profile.triggerRatio)
    .string(profile.policyText)
    .string(profile.metadataText)
    .finish();
}

/** @throws MalformedError where the bytes are not a profile of this format. */
export function decodeProfile(bytes: Uint8Array): ContextProfile {
  const reader = openFormat(bytes);
  const tokenBudget = reader.varint();
  const triggerRatio = reader.f64();
  const profile = createProfile(tokenBudget, triggerRatio, reader.string(), reader.string());
  if (profile === null) throw new MalformedError('The settings of a context cannot be read.');
  return profile;
}

/** A profile with its texts parsed, or null where a setting is none. */
export function createProfile(
  tokenBudget: number,
  triggerRatio: number,
  policyText: string,
  metadataText: string,
): ContextProfile | null {
  const policy = parsePolicy(policyText);
  const metadata = parseJsonObject(metadataText);
  if (policy === null || metadata === null) return null;
  if (tokenBudget < 1 || !(triggerRatio > 0 && triggerRatio <= 1)) return null;
  return {
    tokenBudget,
    triggerRatio,
    policyText,
    metadataText,
    policy: policy.view,
    rules: policy.rules,
    metadata,
  };
}

function openFormat(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`Format ${found} is not known; upgrade this node.`);
  return reader;
}
