import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface LifeName {
  readonly contextId: string;
  readonly life: string;
}

/** Ids may hold any characters, so directories go by their hash; each line says the id itself. */
export function lifeDirectory(root: string, { contextId, life }: LifeName): string {
  const context = hash(contextId);
  return join(root, context.slice(0, 2), context, hash(life));
}

/** Its presence says that the life is erased. */
export function erasureMarker(root: string, { contextId, life }: LifeName): string {
  return join(root, 'erased', hash(`${hash(contextId)} ${hash(life)}`));
}

/** Named after its first seq, so that the names are in the order of their rows. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.ndjson`;
}

export function firstSeqOf(name: string): number | null {
  const [, digits] = /^(\d{16})\.ndjson$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
