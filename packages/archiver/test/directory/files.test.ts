import { appendFile, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DirectoryArchive } from '../../src/index.js';
import { decodeLine, encodeLine } from '../../src/directory/line-format.js';
import { expectRows, sampleRow, sampleRows } from '../../src/testing/sample-rows.js';
import { newDirectory } from '../support/directories.js';
import { smallDisk } from '../support/small-disk.js';

const chat = { contextId: 'chat-1', life: 'life-1' };
const everything = { fromSeq: 1, toSeq: 1_000_000, maxBytes: Number.MAX_SAFE_INTEGER };

async function segments(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .map((name) => join(directory, name));
}

async function inArchive(
  directory: string,
  work: (archive: DirectoryArchive) => Promise<void>,
): Promise<void> {
  const archive = new DirectoryArchive({ directory, segmentBytes: 1_500 });
  try {
    await work(archive);
  } finally {
    await archive.close();
  }
}

describe('a line', () => {
  test('gives back its row, whatever is in it, and is JSON', () => {
    const row = fc.record({
      contextId: fc.string(),
      life: fc.string({ minLength: 1 }),
      seq: fc.integer({ min: 1, max: 2 ** 40 }),
      role: fc.oneof(fc.string(), fc.constant('","message":{'), fc.constant('\ud800')),
      body: fc.oneof(
        fc.json().map((text) => Buffer.from(text)),
        fc.json().map((text) => Buffer.from(`[\n${text}]`)),
        fc.constant(Buffer.from('{"message_base64":"x",\r"message":{}}')),
      ),
      tokenCount: fc.nat(),
      insertedAt: fc.integer({ min: 0, max: 2 ** 42 }),
    });
    fc.assert(
      fc.property(row, (given) => {
        const line = encodeLine(given);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.parse(line.toString())).toMatchObject({ seq: given.seq });
        const found = decodeLine(line.subarray(0, -1));
        expect(found && { ...found, body: Buffer.from(found.body) }).toEqual(given);
      }),
    );
  });

  test('with a flipped bit is none', () => {
    const line = encodeLine(sampleRow(1)).subarray(0, -1);
    for (let at = 8; at < line.length; at += 1) {
      if (at >= 16 && at < 18) continue;
      const flipped = Buffer.from(line);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      expect(decodeLine(flipped)).toBeNull();
    }
  });
});

describe('after a crash', () => {
  test.each([1, 20, 300])(
    '%d bytes of a write that was cut off do not count, and its rows are written again',
    async (bytes) => {
      const directory = newDirectory();
      await inArchive(directory, async (archive) => void (await archive.write(sampleRows(1, 8))));
      const last = (await segments(directory)).at(-1) ?? '';
      const torn = Buffer.concat(sampleRows(9, 10).map(encodeLine)).subarray(0, bytes);
      await appendFile(last, torn);
      const whole = torn.includes('\n') ? 9 : 8;
      await inArchive(directory, async (archive) => {
        expectRows(await archive.read(chat, everything), sampleRows(1, whole));
        const outcome = await archive.write(sampleRows(8, 12));
        expect(outcome).toMatchObject({ inserted: 12 - whole, refused: [] });
        expectRows(await archive.read(chat, everything), sampleRows(1, 12));
      });
    },
  );

  test('an end of zeros, as some file systems leave it, does not count', async () => {
    const directory = newDirectory();
    await inArchive(directory, async (archive) => void (await archive.write(sampleRows(1, 2))));
    await appendFile((await segments(directory)).at(-1) ?? '', Buffer.alloc(700));
    await inArchive(directory, async (archive) => {
      expect(await archive.write(sampleRows(1, 5))).toMatchObject({ inserted: 3, refused: [] });
      expectRows(await archive.read(chat, everything), sampleRows(1, 5));
    });
  });

  test('damage before the end is an error that names the file, and nothing is written behind it', async () => {
    const directory = newDirectory();
    await inArchive(directory, async (archive) => void (await archive.write(sampleRows(1, 4))));
    const [first = ''] = await segments(directory);
    const bytes = await readFile(first);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    await writeFile(first, bytes);
    await inArchive(directory, async (archive) => {
      const damaged = { code: 'archive_failed', message: expect.stringContaining(first) };
      await expect(archive.read(chat, everything)).rejects.toMatchObject(damaged);
      await expect(archive.write(sampleRows(5, 6))).rejects.toMatchObject(damaged);
    });
  });

  test('a lock of a process that is gone is taken over; one that is held names its holder', async () => {
    const directory = newDirectory();
    await writeFile(join(directory, 'lock'), '999999999');
    await inArchive(directory, async (archive) => {
      await archive.write(sampleRows(1, 1));
      const second = new DirectoryArchive({ directory });
      await expect(second.write([])).rejects.toMatchObject({
        code: 'archive_unavailable',
        message: expect.stringContaining(String(process.pid)),
      });
      await second.close();
    });
    await writeFile(join(directory, 'lock'), String(process.ppid));
    const third = new DirectoryArchive({ directory });
    await expect(third.write([])).rejects.toMatchObject({ code: 'archive_unavailable' });
    await third.close();
  });
});

const disk = smallDisk(1);

(disk === null ? test.skip : test)(
  'a full disk is named; what was written stays, and it goes on when there is room',
  async () => {
    if (disk === null) return;
    const directory = join(disk.directory, 'archive');
    await inArchive(directory, async (archive) => {
      await archive.write(sampleRows(1, 5));
      disk.fill();
      await expect(archive.write(sampleRows(6, 3_000))).rejects.toMatchObject({ code: 'archive_full' });
      expectRows(await archive.read(chat, everything), sampleRows(1, 5));
      disk.free();
      expect(await archive.write(sampleRows(4, 500))).toMatchObject({ inserted: 495, refused: [] });
      expectRows(await archive.read(chat, everything), sampleRows(1, 500));
    });
  },
);

test('a file that lost its end reads up to there', async () => {
  const directory = newDirectory();
  await inArchive(directory, async (archive) => void (await archive.write(sampleRows(1, 3))));
  const [first = ''] = await segments(directory);
  await truncate(first, (await readFile(first)).length - 5);
  await inArchive(directory, async (archive) =>
    expectRows(await archive.read(chat, everything), sampleRows(1, 2)),
  );
});
