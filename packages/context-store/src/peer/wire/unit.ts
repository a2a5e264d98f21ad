import { ByteReader, MalformedError } from '../../codec/byte-reader.js';
import { ByteWriter } from '../../codec/byte-writer.js';

/**
 * What a websocket message is made of, after the handshake: units, each a kind, a length and a body.
 * A kind's number is its place, so new ones go to the end, with a new protocol version.
 */
const kinds = [
  'raft',
  'request',
  'answer',
  'announcement',
  'addresses',
  'ping',
  'pong',
  'part',
  'cut',
  'refusal',
  'lesson',
  'again',
] as const;

export type UnitKind = (typeof kinds)[number];

const parcelKinds = ['raft', 'request', 'answer', 'lesson', 'again'] as const satisfies readonly UnitKind[];

/** The kinds that may be long. They travel in parts then, so that others get in between. */
export type ParcelKind = (typeof parcelKinds)[number];
/** Those of Raft. */
export type RaftKind = Exclude<ParcelKind, 'request' | 'answer'>;

/** A unit body up to this travels whole. */
export const WHOLE_BYTES = 64 * 1024;
/** A message is sent once it has as much; another unit may follow what is just below. */
export const MESSAGE_BYTES = 64 * 1024;
/** No websocket message is longer: two whole units with their heads. */
export const MAX_MESSAGE_BYTES = MESSAGE_BYTES + WHOLE_BYTES + 1024;
/** Opens a unit whose body of `bodyBytes` the caller writes next. */
export function writeUnit(writer: ByteWriter, kind: UnitKind, bodyBytes: number): ByteWriter {
  return writer.u8(kindNumber(kind)).varint(bodyBytes);
}

/** @throws MalformedError */
export function readUnits(message: Uint8Array, visit: (kind: UnitKind, body: Uint8Array) => void): void {
  const reader = new ByteReader(message);
  while (reader.remaining > 0) {
    const kind = readKind(reader);
    visit(kind, reader.bytes());
  }
}

const kindNumber = (kind: UnitKind): number => kinds.indexOf(kind) + 1;

function readKind(reader: ByteReader): UnitKind {
  const number = reader.u8();
  const kind = kinds[number - 1];
  if (kind === undefined) throw new MalformedError(`No unit has the kind ${number}.`);
  return kind;
}

/** One piece of a long parcel. The parts of a stream come in order, between those of others. */
export interface Part {
  readonly stream: number;
  readonly kind: ParcelKind;
  readonly last: boolean;
  readonly bytes: Uint8Array;
}

export const PART_HEAD_BYTES = 12;
/** Every part but the last has as much. */
export const MIN_PART_BYTES = 8 * 1024;

export function writePartHead(writer: ByteWriter, { stream, kind, last }: Omit<Part, 'bytes'>): ByteWriter {
  return writer.varint(stream).u8(kindNumber(kind)).u8(Number(last));
}

/** @throws MalformedError */
export function readPart(body: Uint8Array): Part {
  const reader = new ByteReader(body);
  const stream = reader.varint();
  const found = readKind(reader);
  const kind = parcelKinds.find((each) => each === found);
  if (kind === undefined) throw new MalformedError(`A unit of kind ${found} does not come in parts.`);
  return { stream, kind, last: reader.boolean(), bytes: reader.raw(reader.remaining) };
}

/** A unit whose body is one number: pings and pongs name theirs, a cut the stream that ends unfinished. */
export const numberBody = (value: number): Uint8Array => new ByteWriter(8).varint(value).finish();

/** @throws MalformedError */
export function readNumber(body: Uint8Array): number {
  const reader = new ByteReader(body);
  const value = reader.varint();
  reader.end();
  return value;
}
