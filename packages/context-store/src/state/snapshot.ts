import { crc32 } from 'node:zlib';

import type { KeyPair, KeySnapshot, KeySpace } from '@fastpaca/log-storage';

import { MalformedError } from '../codec/byte-reader.js';

/*
 * A snapshot on the wire: records of `length of key u16, length of value u32, key, value`, in the
 * order of the keys, ended by a record `ffff, crc u32` over all bytes before it. Where a transport
 * cuts it into chunks does not matter.
 */
const headBytes = 6;
const endMark = 0xffff;
const chunkBytes = 256 << 10;
const stageBytes = 1 << 20;

export async function* snapshotChunks(copy: KeySnapshot): AsyncGenerator<Uint8Array, void, undefined> {
  let crc = 0;
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): Uint8Array => {
    const chunk = Buffer.concat(waiting, bytes);
    crc = crc32(chunk, crc);
    waiting = [];
    bytes = 0;
    return chunk;
  };
  for await (const [key, value] of copy.range()) {
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUInt16BE(key.length, 0);
    head.writeUInt32BE(value.length, 2);
    waiting.push(head, key, value);
    bytes += headBytes + key.length + value.length;
    if (bytes >= chunkBytes) yield flush();
  }
  if (bytes > 0) yield flush();
  const end = Buffer.allocUnsafe(headBytes);
  end.writeUInt16BE(endMark, 0);
  end.writeUInt32BE(crc, 2);
  yield end;
}

/**
 * Replaces a key space by a snapshot. Until the whole of it has arrived and matches its checksum the
 * key space stays as it was, also through a crash.
 *
 * @param check Called with the first pair; what it throws ends the restore.
 * @throws MalformedError where the snapshot ends early or is not what was sent.
 */
export async function restoreSpace(
  space: KeySpace,
  chunks: AsyncIterable<Uint8Array>,
  check: (first: { get(key: Uint8Array): Uint8Array | undefined }) => void,
): Promise<void> {
  const restore = space.beginRestore();
  try {
    let checked = false;
    for await (const pairs of snapshotPairs(chunks)) {
      if (!checked) check(new PairLookup(pairs));
      checked = true;
      await space.durable(restore.put(pairs));
    }
    if (!checked) check(new PairLookup([]));
  } catch (error) {
    await space.durable(restore.abort());
    throw error;
  }
  await space.durable(restore.finish());
}

class PairLookup {
  readonly #pairs: readonly KeyPair[];

  constructor(pairs: readonly KeyPair[]) {
    this.#pairs = pairs;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#pairs.find(([each]) => Buffer.compare(each, key) === 0)?.[1];
  }
}

/** The pairs of a snapshot, some at a time. Throws before it ends if the end mark is not right. */
async function* snapshotPairs(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly KeyPair[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let crc = 0;
  let ended = false;
  let pairs: KeyPair[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (ended) throw new MalformedError('Bytes follow the end of the snapshot.');
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= headBytes && !ended) {
      const keyLength = rest.readUInt16BE(at);
      const valueLength = rest.readUInt32BE(at + 2);
      if (keyLength === endMark) {
        crc = crc32(rest.subarray(0, at), crc);
        if (crc !== valueLength) throw new MalformedError('The snapshot does not match its checksum.');
        ended = true;
        at += headBytes;
        break;
      }
      const valueAt = at + headBytes + keyLength;
      if (rest.length < valueAt + valueLength) break;
      pairs.push([rest.subarray(at + headBytes, valueAt), rest.subarray(valueAt, valueAt + valueLength)]);
      at = valueAt + valueLength;
      bytes += keyLength + valueLength;
    }
    if (!ended) crc = crc32(rest.subarray(0, at), crc);
    rest = rest.subarray(at);
    if (bytes >= stageBytes) {
      yield pairs;
      pairs = [];
      bytes = 0;
    }
  }
  if (!ended || rest.length > 0) throw new MalformedError('The snapshot ends too early.');
  if (pairs.length > 0) yield pairs;
}
