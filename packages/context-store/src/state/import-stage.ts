import type { KeyOp } from '@fastpaca/log-storage';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import type { ContextId } from '../context/context-id.js';
import type { StateReader } from './change.js';
import { importKey, rangesOfOrdinal } from './keys.js';

/**
 * How much of an import has come. The messages and the rest lie where they will stay, under an ordinal
 * that no context has yet: the last command of the import makes them visible by giving it to the context.
 */
export interface ImportStage {
  readonly ordinal: number;
  /** Entries of all sections. */
  readonly entries: number;
  readonly replacements: number;
  readonly messages: number;
  readonly keys: number;
  /** Of the first remembered key. */
  readonly headAppend: number;
  readonly headAt: number;
  /** The newest change that has come, and the last message after it; 0: none has. */
  readonly changeVersion: number;
  readonly changeSeq: number;
}

export const emptyStage = (ordinal: number): ImportStage => ({
  ordinal,
  entries: 0,
  replacements: 0,
  messages: 0,
  keys: 0,
  headAppend: 0,
  headAt: 0,
  changeVersion: 0,
  changeSeq: 0,
});

export function readStage(reader: StateReader, id: ContextId): ImportStage | null {
  const bytes = reader.get(importKey(id));
  return bytes === undefined ? null : decodeStage(bytes);
}

export const putStage = (id: ContextId, stage: ImportStage): KeyOp => ({
  type: 'put',
  key: importKey(id),
  value: encodeStage(stage),
});

/** What removes an import that was begun and not finished; null where there is none. */
export function removeStage(reader: StateReader, id: ContextId): readonly KeyOp[] | null {
  const stage = readStage(reader, id);
  return stage === null ? null : discardOps(id, stage.ordinal);
}

export const discardOps = (id: ContextId, ordinal: number): readonly KeyOp[] => [
  { type: 'del', key: importKey(id) },
  ...removeOrdinal(ordinal),
];

/** What removes everything that is kept under an ordinal. */
export const removeOrdinal = (ordinal: number): readonly KeyOp[] =>
  rangesOfOrdinal(ordinal).map(({ gte, lt }) => ({ type: 'delRange', gte, lt }));

const format = 1;

const encodeStage = (stage: ImportStage): Uint8Array =>
  new ByteWriter(64)
    .u8(format)
    .varint(stage.ordinal)
    .varint(stage.entries)
    .varint(stage.replacements)
    .varint(stage.messages)
    .varint(stage.keys)
    .varint(stage.headAppend)
    .varint(stage.headAt)
    .varint(stage.changeVersion)
    .varint(stage.changeSeq)
    .finish();

function decodeStage(bytes: Uint8Array): ImportStage {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format) throw new MalformedError(`Import format ${found} is not known; upgrade this node.`);
  return {
    ordinal: reader.varint(),
    entries: reader.varint(),
    replacements: reader.varint(),
    messages: reader.varint(),
    keys: reader.varint(),
    headAppend: reader.varint(),
    headAt: reader.varint(),
    changeVersion: reader.varint(),
    changeSeq: reader.varint(),
  };
}
