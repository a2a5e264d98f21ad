import { getU16, getU48, maxU48, putU16, putU32, putU48 } from './bytes.js';

/**
 * The keys of the LevelDB. The first byte says what a key is:
 *
 * | key | holds |
 * | --- | --- |
 * | `00 00` | format version and store id |
 * | `00 01` | sequence of the last batch; the first operation of every batch |
 * | `01 group:u16 index:u48` | an entry |
 * | `02 group:u16` | a group's meta and the end of its log |
 * | `03 group:u16 epoch:u32 …` | a key of the group's state machine |
 * | `04 group:u16` | which epoch of the key space is the live one |
 * | `05 group:u16 id:u48` | a deleted range whose keys are still being reclaimed |
 */
const tag = { store: 0, entry: 1, group: 2, state: 3, space: 4, purge: 5 } as const;

export const headerKey: Uint8Array = Buffer.from([tag.store, 0]);
export const batchKey: Uint8Array = Buffer.from([tag.store, 1]);

export const entryKeyBytes = 9;
export const statePrefixBytes = 7;

export function putEntryKey(target: Uint8Array, at: number, group: number, index: number): void {
  target[at] = tag.entry;
  putU16(target, at + 1, group);
  putU48(target, at + 3, index);
}

export function entryKey(group: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(entryKeyBytes);
  putEntryKey(key, 0, group, index);
  return key;
}

export function entryIndexOf(key: Uint8Array): number {
  return getU48(key, 3);
}

export function groupOf(key: Uint8Array): number {
  return getU16(key, 1);
}

/** From a group's first possible entry, and past its last one. */
export function entryBounds(group: number, from = 0): { gte: Buffer; lte: Buffer } {
  return { gte: entryKey(group, from), lte: entryKey(group, maxU48) };
}

function groupScoped(first: number, group: number): Buffer {
  const key = Buffer.allocUnsafe(3);
  key[0] = first;
  putU16(key, 1, group);
  return key;
}

export function groupKey(group: number): Buffer {
  return groupScoped(tag.group, group);
}

export function spaceKey(group: number): Buffer {
  return groupScoped(tag.space, group);
}

export const groupKeys = { gte: groupKey(0), lt: Buffer.from([tag.group + 1]) };
export const spaceKeys = { gte: spaceKey(0), lt: Buffer.from([tag.space + 1]) };
export const purgeKeys = { gte: Buffer.from([tag.purge]), lt: Buffer.from([tag.purge + 1]) };

export function purgeKey(group: number, id: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = tag.purge;
  putU16(key, 1, group);
  putU48(key, 3, id);
  return key;
}

export function purgeIdOf(key: Uint8Array): number {
  return getU48(key, 3);
}

export function putStatePrefix(target: Uint8Array, group: number, epoch: number): void {
  target[0] = tag.state;
  putU16(target, 1, group);
  putU32(target, 3, epoch);
}

export function stateKey(group: number, epoch: number, key: Uint8Array): Buffer {
  const full = Buffer.allocUnsafe(statePrefixBytes + key.length);
  putStatePrefix(full, group, epoch);
  full.set(key, statePrefixBytes);
  return full;
}

/** Every key of one epoch: a range that ends where the next epoch begins. */
export function epochBounds(group: number, epoch: number): { gte: Buffer; lt: Buffer } {
  const none = new Uint8Array(0);
  return { gte: stateKey(group, epoch, none), lt: stateKey(group, epoch + 1, none) };
}
