import { ByteReader, MalformedError } from '../../codec/byte-reader.js';
import { ByteWriter } from '../../codec/byte-writer.js';

/** Lessons that both ends remember. Heartbeats and answers need one each; the others are for what changes. */
export const LESSONS = 8;

/** Which lesson. The number is not given twice, so one that stands in its place is not taken for it. */
export interface Place {
  readonly slot: number;
  readonly number: number;
}

/** Beats of a lesson that the peer has: bit n of `bits` stands for its beat n. */
export interface Again extends Place {
  readonly bits: Uint8Array;
}

/** `frame` is one of `raft-core`. */
export const lessonBody = ({ slot, number }: Place, frame: Uint8Array): Uint8Array =>
  new ByteWriter(10 + frame.length).u8(slot).varint(number).raw(frame).finish();

/** @throws MalformedError */
export function readLesson(body: Uint8Array): { readonly place: Place; readonly frame: Uint8Array } {
  const reader = new ByteReader(body);
  return { place: readPlace(reader), frame: reader.raw(reader.remaining) };
}

export const againBody = ({ slot, number, bits }: Again): Uint8Array =>
  new ByteWriter(10 + bits.length).u8(slot).varint(number).raw(bits).finish();

/** @throws MalformedError */
export function readAgain(body: Uint8Array): Again {
  const reader = new ByteReader(body);
  return { ...readPlace(reader), bits: reader.raw(reader.remaining) };
}

function readPlace(reader: ByteReader): Place {
  const place = { slot: reader.u8(), number: reader.varint() };
  if (place.slot >= LESSONS) throw new MalformedError(`There is no lesson ${place.slot}.`);
  return place;
}
