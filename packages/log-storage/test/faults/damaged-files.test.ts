import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { LogStore } from '../../src/index.js';
import { Child } from '../support/child.js';
import { copyStore, newDirectory } from '../support/directories.js';
import { fill } from '../support/filled-store.js';

function logOf(directory: string): string {
  const [name] = readdirSync(join(directory, 'db')).filter((file) => file.endsWith('.log'));
  return join(directory, 'db', name ?? '');
}

function flip(file: string, offset: number, bit: number): void {
  const content = readFileSync(file);
  content[offset] = (content[offset] ?? 0) ^ (1 << bit);
  writeFileSync(file, content);
}

async function expectDamaged(directory: string, message: RegExp = /damaged/): Promise<void> {
  const opening = LogStore.open(directory);
  await expect(opening).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringMatching(message),
  });
  await expect(opening).rejects.toThrow(directory);
}

describe("damage in LevelDB's log is found before LevelDB replays it", () => {
  const sound = newDirectory();
  beforeAll(() => fill(sound, 60));

  test('the sound store opens, also as a copy', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    const store = await LogStore.open(image);
    expect((await store.open()).map((found) => found.status)).toEqual(['healthy', 'healthy', 'healthy']);
    await store.close();
  });

  test('a flipped bit is reported, wherever it is', async () => {
    const image = newDirectory();
    const { size } = statSync(logOf(sound));
    expect(size).toBeGreaterThan(4 * 32_768);
    for (let n = 0; n < 120; n += 1) {
      // Offsets spread over the file, each at another place of its block.
      const offset = n < 20 ? n : n < 40 ? size - 1 - (n - 20) : Math.floor((n * 2_654_435_761) % size);
      copyStore(sound, image);
      flip(logOf(image), offset, n % 8);
      const before = readFileSync(logOf(image));
      await expectDamaged(image);
      expect(readFileSync(logOf(image)).equals(before)).toBe(true);
    }
  });

  test('a flipped bit in a length, a type or a filler is reported', async () => {
    const image = newDirectory();
    const { size } = statSync(logOf(sound));
    for (let block = 0; block + 32_768 < size; block += 32_768) {
      for (const offset of [block + 4, block + 5, block + 6, block + 32_767]) {
        copyStore(sound, image);
        flip(logOf(image), offset, 1);
        await expectDamaged(image);
      }
    }
  });

  test('a log cut off at any point is reported', async () => {
    const image = newDirectory();
    const { size } = statSync(logOf(sound));
    for (const length of [0, 1, 7, 500, 32_768, 40_000, size >> 1, size - 200, size - 8, size - 1]) {
      copyStore(sound, image);
      truncateSync(logOf(image), length);
      await expectDamaged(image, /lost its tail|damaged/);
      // It stays damaged: a second start must not find the rest in order.
      await expectDamaged(image, /lost its tail|damaged/);
    }
  });

  test('a missing log is reported', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    rmSync(logOf(image));
    await expectDamaged(image, /\.log is missing/);
  });

  test('zeros in the middle, which LevelDB takes for preallocated space, are reported', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    const content = readFileSync(logOf(image));
    content.fill(0, 32_768, 65_536);
    writeFileSync(logOf(image), content);
    await expectDamaged(image);
  });

  test('a batch that was being written when the power went is left out, without an alarm', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    const log = logOf(image);
    const content = readFileSync(log);
    // The next batch got its length on the disk and nothing of its content.
    writeFileSync(log, Buffer.concat([content, Buffer.alloc(3_000)]));
    let store = await LogStore.open(image);
    expect(await store.open()).toMatchObject([{ lastIndex: 60 }, { lastIndex: 60 }, { lastIndex: 60 }]);
    await store.close();
    // Or its beginning only.
    copyStore(sound, image);
    writeFileSync(log, Buffer.concat([content, content.subarray(0, 40)]));
    store = await LogStore.open(image);
    expect(await store.open()).toMatchObject([{ lastIndex: 60 }, { lastIndex: 60 }, { lastIndex: 60 }]);
    await store.close();
  });
});

describe("damage in LevelDB's other files", () => {
  const sound = newDirectory();
  beforeAll(() => fill(sound, 400, true));

  function files(directory: string, pattern: RegExp): string[] {
    return readdirSync(join(directory, 'db'))
      .filter((name) => pattern.test(name))
      .map((name) => join(directory, 'db', name));
  }

  test('a missing or shortened table is reported', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    const [table = ''] = files(image, /\.ldb$/);
    truncateSync(table, statSync(table).size - 1);
    await expectDamaged(image, /bytes instead of/);
    rmSync(table);
    await expectDamaged(image, /is missing/);
  });

  test('a flipped bit in the MANIFEST is reported', async () => {
    const image = newDirectory();
    const [manifest = ''] = files(sound, /^MANIFEST/);
    const { size } = statSync(manifest);
    for (let n = 0; n < 40; n += 1) {
      copyStore(sound, image);
      const [copy = ''] = files(image, /^MANIFEST/);
      flip(copy, Math.floor((n * size) / 40), n % 8);
      await expectDamaged(image);
    }
  });

  test('a missing CURRENT is reported, and nothing is created in its place', async () => {
    const image = newDirectory();
    copyStore(sound, image);
    rmSync(join(image, 'db', 'CURRENT'));
    await expectDamaged(image, /gone|no CURRENT/);
    expect(files(image, /^CURRENT/)).toEqual([]);
  });

  // In processes of their own: LevelDB checks its tables by assertions too, which end the process.
  test('a flipped bit in a table never comes back as data', async () => {
    const tables = files(sound, /\.ldb$/).map((file) => file.slice(sound.length + 1));
    const outcomes = new Map<string, number>();
    const check = async (n: number): Promise<void> => {
      const image = newDirectory();
      copyStore(sound, image);
      const table = join(image, tables[n % tables.length] ?? '');
      flip(table, Math.floor((n * 2_654_435_761) % statSync(table).size), n % 8);
      const child = new Child('./reader.ts', [image]);
      await child.exited;
      const outcome = child.lines.at(-1) ?? 'aborted';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    for (let n = 0; n < 12; n += 3) await Promise.all([check(n), check(n + 1), check(n + 2)]);
    expect(outcomes.get('wrong')).toBeUndefined();
    expect((outcomes.get('noticed') ?? 0) + (outcomes.get('aborted') ?? 0)).toBeGreaterThan(0);
  }, 120_000);
});
