import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { ndjsonAnswer } from '../../src/http/ndjson-answer.js';

const requestOf = (method: string) => ({ method, url: '/', headers: {}, params: {}, query: {} });

describe('an answer of lines', () => {
  test('to GET has them all, to HEAD none, and none is read for it', async () => {
    const read: string[] = [];
    async function* lines(): AsyncGenerator<Uint8Array> {
      for (const line of ['one\n', 'two\n']) {
        read.push(line);
        yield Buffer.from(line);
        await Promise.resolve();
      }
    }
    expect(await text(ndjsonAnswer(requestOf('HEAD'), lines()).getStream())).toBe('');
    expect(read).toEqual([]);
    expect(await text(ndjsonAnswer(requestOf('GET'), lines()).getStream())).toBe('one\ntwo\n');
    expect(read).toHaveLength(2);
  });
});
