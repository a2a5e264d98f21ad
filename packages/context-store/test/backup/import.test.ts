import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { StoreError } from '../../src/index.js';
import { backupFrom, backupOf, inPieces, linesOf, type Line } from '../support/backup-lines.js';
import { everythingOf } from '../support/everything-of.js';
import { text } from '../support/group-bench.js';
import { StoreBench } from '../support/open-store.js';

describe('an import', () => {
  let from: StoreBench;
  let to: StoreBench;
  beforeEach(async () => {
    from = await StoreBench.open({ groups: 2 });
    to = await StoreBench.open({ groups: 3 });
  });
  afterEach(async () => {
    await from.close();
    await to.close();
  });

  const fill = async (ids: readonly string[]): Promise<Buffer> => {
    for (const id of ids) {
      await from.store.put(id, { metadata: { of: id } });
      await from.store.append(id, [text(`hello ${id}`, { id: 'm-1' }), text('…', { role: 'assistant' })]);
      await from.store.compact(id, [text('a summary')], { upToSeq: 1 });
    }
    return backupOf(from.store);
  };
  const importing = (backup: Uint8Array) => to.store.import(inPieces(backup));
  const failure = async (backup: Uint8Array): Promise<StoreError> => {
    const error: unknown = await importing(backup).catch((caught: unknown) => caught);
    if (!(error instanceof StoreError)) throw new Error('It was taken.', { cause: error });
    expect(error.code).toBe('invalid_backup');
    return error;
  };

  test('refuses a file that is cut off anywhere, and goes on with the whole one', async () => {
    const backup = await fill(['a', 'b', 'c']);
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((index * (backup.length - 1)) / 40));
    for (const cut of [...cuts, backup.length - 1]) await failure(backup.subarray(0, cut));
    const whole = await everythingOf(from.store);
    // What is there is complete: nobody sees half of a context.
    const there = await everythingOf(to.store);
    for (const [id, context] of Object.entries(there)) expect(context).toEqual(whole[id]);
    const report = await importing(backup);
    expect(report.imported + report.unchanged).toBe(3);
    expect(await everythingOf(to.store)).toEqual(whole);
  });

  test('says how far it came', async () => {
    const backup = await fill(['a', 'b', 'c']);
    const { message } = await failure(backup.subarray(0, backup.lastIndexOf('{"type":"end"')));
    expect(message).toMatch(/cut off.* 3 complete contexts/);
  });

  test('refuses what was altered', async () => {
    const backup = await fill(['a']);
    const altered = Buffer.from(backup);
    altered.write('HELLO', altered.indexOf('hello'));
    expect((await failure(altered)).message).toMatch('checksum');
  });

  test('that cannot be read ends with the reason, whatever had come of it', async () => {
    const gone = new Error('The disk is gone.');
    const broken: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(gone) }),
    };
    await expect(to.store.import(broken)).rejects.toBe(gone);
  });

  test('refuses another format, and one of a later release', async () => {
    await failure(Buffer.from(''));
    await failure(Buffer.from('{"role":"user","parts":[]}\n'));
    await failure(Buffer.from('PK\u0003\u0004 not text\n'));
    const [header, ...rest] = linesOf(await fill(['a']));
    const later = backupFrom([{ ...header, version: 2 } as Line, ...rest.slice(0, -1)]);
    expect((await failure(later)).message).toMatch(/version 2.*Upgrade/);
  });

  const edits: readonly (readonly [string, (lines: readonly Line[]) => readonly (Line | string)[]])[] = [
    ['a message less', (lines) => without(lines, 'message')],
    ['the messages in another order', (lines) => swapped(lines)],
    ['a replacement less', (lines) => without(lines, 'replacement')],
    ['a message twice', (lines) => twice(lines, 'message')],
    ['an end that says other messages', (lines) => edited(lines, 'context', { last_seq: 1 })],
    ['another window', (lines) => edited(lines, 'context', { window: 'AAAA' })],
    ['a window that is no base64', (lines) => edited(lines, 'context', { window: '?' })],
    ['no budget', (lines) => edited(lines, 'context', { token_budget: 0 })],
    ['a time that is none', (lines) => edited(lines, 'context', { created_at: 'yesterday' })],
    [
      'a time before all times',
      (lines) => edited(lines, 'context', { created_at: '-000001-01-01T00:00:00.000Z' }),
    ],
    ['an id that is none', (lines) => edited(lines, 'context', { id: 'no body' })],
    ['another context’s end', (lines) => edited(lines, 'context_end', { id: 'z' })],
    ['another outline', (lines) => edited(lines, 'message', { outline: 'AAAA' })],
    [
      'a key with half a hash',
      (lines) => edited(lines, 'keys', { entries: [{ ...keyOf(lines), hash: 'AAAA' }] }),
    ],
    ['a message of no time', (lines) => messageAt(lines, 'yesterday')],
    ['a change of another version', (lines) => edited(lines, 'changes', { from: 2 })],
    ['a message that was written anew', (lines) => lines.map((line) => reordered(line))],
  ];
  test.each(edits)('refuses a backup with %s, though its checksum is right', async (_, edit) => {
    const lines = linesOf(await fill(['a'])).slice(0, -1);
    await failure(backupFrom(edit(lines)));
    expect(await everythingOf(to.store)).toEqual({});
  });

  test.each<[string, (lines: readonly Line[]) => readonly (Line | string)[]]>([
    ['a line of no kind', (lines) => [...lines, { type: 'surprise' }]],
    [
      'a message outside of a context',
      (lines) => [...lines, ...lines.filter(({ type }) => type === 'message')],
    ],
    ['a second header', (lines) => [...lines, ...lines.slice(0, 1)]],
  ])('refuses a backup with %s; the contexts before it stay', async (_, edit) => {
    const lines = linesOf(await fill(['a'])).slice(0, -1);
    await failure(backupFrom(edit(lines)));
    expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
  });

  test('refuses a line that is longer than any could be, before it has come', async () => {
    const backup = await fill(['a']);
    const header = backup.subarray(0, backup.indexOf('\n') + 1);
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield header;
      for (; sent < 1_000; sent += 1) {
        await Promise.resolve();
        yield Buffer.alloc(1 << 20, 'x');
      }
    }
    await expect(to.store.import(endless())).rejects.toMatchObject({ code: 'invalid_backup' });
    expect(sent).toBeLessThan(40);
  });

  test('keeps a context that is there and differs, and says so; with overwrite it is replaced', async () => {
    const backup = await fill(['a', 'b']);
    await importing(backup);
    await to.store.append('a', [text('later')]);
    const changed = await everythingOf(to.store);
    const kept = await importing(backup);
    expect(kept).toMatchObject({ unchanged: 1, imported: 0, replaced: 0, conflictCount: 1, messages: 0 });
    expect(kept.conflicts).toMatchObject([
      { id: 'a', reason: expect.stringMatching(/version 3.*version 2/) },
    ]);
    expect(await everythingOf(to.store)).toEqual(changed);

    const replaced = await to.store.import(inPieces(backup), { overwrite: true });
    expect(replaced).toMatchObject({ unchanged: 1, replaced: 1, conflictCount: 0 });
    expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
  });

  test('shows a large context only once it is whole, takes it in several commands, and leaves no half behind', async () => {
    await from.store.put('large', {});
    for (let batch = 0; batch < 6; batch += 1) {
      await from.store.append('large', [text('x'.repeat(400_000), { tokenCount: 10 })]);
    }
    const backup = await backupOf(from.store);
    let seen = 0;
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const piece of inPieces(backup, 150_000)) {
        yield piece;
        seen += 1;
        if (seen === 10)
          await expect(to.store.get('large')).rejects.toMatchObject({ code: 'context_not_found' });
      }
    }
    // The connection breaks off.
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* inPieces(backup.subarray(0, 2_000_000), 150_000);
      throw new Error('The client is gone.');
    }
    await expect(to.store.import(broken())).rejects.toThrow('The client is gone.');
    await expect(to.store.get('large')).rejects.toMatchObject({ code: 'context_not_found' });
    await expect(to.store.erase('large')).rejects.toMatchObject({ code: 'context_not_found' });

    expect(await to.store.import(watched())).toMatchObject({ imported: 1, messages: 6 });
    expect(seen).toBeGreaterThan(10);
    await to.restart();
    expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
  });

  test('leaves out what was erased while the backup was made', async () => {
    for (const id of ['a', 'b']) {
      await from.store.put(id, {});
      for (let batch = 0; batch < 3; batch += 1) {
        await from.store.append(id, [text('x'.repeat(400_000), { tokenCount: 10 })]);
      }
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of await from.store.backup()) {
      chunks.push(chunk);
      if (chunks.length === 1) await from.store.erase(Buffer.from(chunk).includes('"id":"a"') ? 'a' : 'b');
    }
    const backup = Buffer.concat(chunks);
    expect(linesOf(backup).filter(({ type }) => type === 'gone')).toHaveLength(1);
    expect(await importing(backup)).toMatchObject({ imported: 1, messages: 3, conflictCount: 0 });
    expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
  });

  test('of the same context twice at once leaves one of it, whole', async () => {
    const backup = await fill(['a']);
    const reports = await Promise.all([importing(backup), importing(backup), importing(backup)]);
    expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(1);
    expect(await everythingOf(to.store)).toEqual(await everythingOf(from.store));
  });
});

const without = (lines: readonly Line[], type: string): readonly Line[] =>
  lines.toSpliced(
    lines.findIndex((line) => line.type === type),
    1,
  );

const twice = (lines: readonly Line[], type: string): readonly Line[] =>
  lines.flatMap((line) => (line.type === type ? [line, line] : [line]));

const edited = (lines: readonly Line[], type: string, change: Record<string, unknown>): readonly Line[] =>
  lines.map((line) => (line.type === type ? { ...line, ...change } : line));

function swapped(lines: readonly Line[]): readonly Line[] {
  const messages = lines.filter(({ type }) => type === 'message').toReversed();
  return lines.map((line) => (line.type === 'message' ? (messages.shift() ?? line) : line));
}

const messageAt = (lines: readonly Line[], time: string): readonly (Line | string)[] =>
  lines.map((line) =>
    line.type === 'message'
      ? JSON.stringify(line).replace(/"inserted_at":"[^"]*"/, `"inserted_at":"${time}"`)
      : line,
  );

const reordered = ({ type, ...rest }: Line): Line =>
  type === 'message'
    ? ({ message: rest['message'], outline: rest['outline'], type } as Line)
    : { type, ...rest };

function keyOf(lines: readonly Line[]): Record<string, unknown> {
  const keys = lines.find(({ type }) => type === 'keys');
  const entries = keys?.['entries'] as Record<string, unknown>[] | undefined;
  return entries?.[0] ?? {};
}
