import { ByteReader, MalformedError } from '../../codec/byte-reader.js';
import { ByteWriter } from '../../codec/byte-writer.js';

export interface RequestBody {
  readonly id: number;
  /** How long the asking side still waits, in milliseconds. */
  readonly deadlineMs: number;
  readonly method: string;
  readonly payload: Uint8Array;
}

/**
 * - `overloaded`: the request was not handled.
 * - `refused`: the payload says why, in UTF-8.
 */
export type AnswerStatus = 'done' | 'refused' | 'overloaded';

const statuses = ['done', 'refused', 'overloaded'] as const satisfies readonly AnswerStatus[];

export interface AnswerBody {
  readonly id: number;
  readonly status: AnswerStatus;
  readonly payload: Uint8Array;
}

/** What goes before a request's payload, which follows to the end. */
export function requestHead({ id, deadlineMs, method }: Omit<RequestBody, 'payload'>): Uint8Array {
  return new ByteWriter(32).varint(id).varint(deadlineMs).string(method).finish();
}

/** @throws MalformedError */
export function readRequest(body: Uint8Array): RequestBody {
  const reader = new ByteReader(body);
  const id = reader.varint();
  const deadlineMs = reader.varint();
  return { id, deadlineMs, method: reader.string(), payload: reader.raw(reader.remaining) };
}

export function answerHead(id: number, status: AnswerStatus): Uint8Array {
  return new ByteWriter(10).varint(id).u8(statuses.indexOf(status)).finish();
}

/** @throws MalformedError */
export function readAnswer(body: Uint8Array): AnswerBody {
  const reader = new ByteReader(body);
  const id = reader.varint();
  const status = statuses[reader.u8()];
  if (status === undefined) throw new MalformedError('An answer of an unknown status.');
  return { id, status, payload: reader.raw(reader.remaining) };
}
