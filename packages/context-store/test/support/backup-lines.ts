import { createHash } from 'node:crypto';

import type { BackupOptions, ContextStore } from '../../src/index.js';

export async function backupOf(store: ContextStore, options: BackupOptions = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.backup(options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A backup in pieces of some size, as a network might bring it. */
export async function* inPieces(backup: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < backup.length; at += size) {
    await Promise.resolve();
    yield backup.subarray(at, at + size);
  }
}

export type Line = Record<string, unknown> & { readonly type: string };

export const linesOf = (backup: Buffer): Line[] =>
  backup
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** A whole backup of other lines: with the end line that belongs to them. */
export function backupFrom(lines: readonly (Line | string)[]): Buffer {
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const body = Buffer.from(texts.map((text) => `${text}\n`).join(''));
  const all = texts.map((text) => JSON.parse(text) as Line);
  const end = {
    type: 'end',
    contexts: all.filter(({ type }) => type === 'context_end').length,
    messages: all.reduce(
      (sum, line) => sum + (line.type === 'context_end' ? Number(line['messages']) : 0),
      0,
    ),
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  return Buffer.concat([body, Buffer.from(`${JSON.stringify(end)}\n`)]);
}

/** The lines of the contexts in the order of their ids, so that stores of other groups can be compared. */
export function contextTexts(backup: Buffer): string[] {
  const texts: string[] = [];
  for (const line of backup.toString().trimEnd().split('\n')) {
    const { type } = JSON.parse(line) as Line;
    if (type === 'context') texts.push(line);
    else if (type !== 'header' && type !== 'end') texts.push(`${texts.pop() ?? ''}\n${line}`);
  }
  return texts.sort();
}
