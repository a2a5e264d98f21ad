import { expect, test } from '@jest/globals';
import { ResponseParser } from '../src/load/response-parser.ts';

const sized =
  'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"seq":"\u00e9\u00e9"}';
const chunked =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n1c;note=x\r\n"\r\n0\r\n\r\n 0123456789012345678"\r\n1\r\n}\r\n0\r\n\r\n';
const empty = 'HTTP/1.1 304 Not Modified\r\netag: "7-8000"\r\n\r\n';

const responses = [
  { name: 'with a length', text: sized, status: 201, bodyBytes: 14 },
  { name: 'in chunks', text: chunked, status: 200, bodyBytes: undefined },
  { name: 'without a body', text: empty, status: 304, bodyBytes: 0 },
];

test.each(responses)(
  'finds the end of a response $name, wherever the network cuts it',
  ({ text, status, bodyBytes }) => {
    const bytes = Buffer.from(text);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const seen: { status: number; length: number }[] = [];
      const parser = new ResponseParser((found, body) => seen.push({ status: found, length: body.length }));
      // Twice: what is left of one response must not spoil the next.
      for (let turn = 1; turn <= 2; turn += 1) {
        parser.push(bytes.subarray(0, cut));
        expect(seen).toHaveLength(turn - 1);
        parser.push(bytes.subarray(cut));
        expect(seen).toHaveLength(turn);
      }
      expect(seen[1]).toEqual({ status, length: bodyBytes ?? expect.any(Number) });
    }
  },
);

test('refuses a second answer to one request', () => {
  const parser = new ResponseParser(() => undefined);
  expect(() => parser.push(Buffer.from(sized + sized))).toThrow('more than one response');
});
