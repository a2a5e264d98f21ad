import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../../src/errors/api-error.js';
import { JsonBody } from '../../src/body/json-body.js';

const read = (text: string) => JsonBody.read(Buffer.from(text));

function refusal(bytes: Buffer | string): ApiError {
  try {
    JsonBody.read(Buffer.from(bytes as string));
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

/** The same JSON text with white space where the grammar allows it. */
function spaced(text: string, space: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g, (token) => `${space}${token}${space}`);
}

describe('the text of a message', () => {
  test('is what the client sent: key order, integer-like keys, big numbers, repeated keys, __proto__', () => {
    const part =
      '{"type":"t","2":0,"1":1,"n":12345678901234567890123,"e":1.0e+2,"a":1,"a":2,"__proto__":{"x":1}}';
    const body = read(`{"message":{"role":"user","parts":[${part}],"metadata":{"b":1,"__proto__":[]}}}`);
    expect(body.messageSource()).toEqual({ parts: [part], metadata: '{"b":1,"__proto__":[]}' });
  });

  test('has no white space outside of strings, and all of it inside', () => {
    const body = read(
      '{ "message" : {\n\t"parts" : [ { "type" : " a\\t b " } ,\r\n { "type":"é  ü"} ] } } \n',
    );
    expect(body.messageSource()).toEqual({ parts: ['{"type":" a\\t b "}', '{"type":"é  ü"}'] });
  });

  test('of a repeated member is the last one', () => {
    const body = read(
      '{"message":{"parts":[{"type":"a"}],"parts":[{"type":"b"}]},"message":{"parts":[{"type":"c"}]}}',
    );
    expect(body.messageSource()).toEqual({ parts: ['{"type":"c"}'] });
  });

  test('is found under an escaped key', () => {
    const body = read('{"m\\u0065ssage":{"p\\u0061rts":[{"type":"a"}]}}');
    expect(body.messageSource()).toEqual({ parts: ['{"type":"a"}'] });
  });

  test('is given for each message of a batch and of a replacement', () => {
    const body = read(
      '{"messages":[{"parts":[{"type":"a"}]},{"parts":[],"metadata":{}}],"replacement":[{"parts":[1]}]}',
    );
    expect(body.messageSources('messages')).toEqual([
      { parts: ['{"type":"a"}'] },
      { parts: [], metadata: '{}' },
    ]);
    expect(body.messageSources('replacement')).toEqual([{ parts: ['1'] }]);
  });

  const anyPart = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()));
  test('is JSON of the parsed value, for any parts, metadata and white space', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ role: fc.string(), parts: fc.array(anyPart), metadata: anyPart, x: anyPart })),
        fc.constantFrom('', ' ', '\n', '\t\r\n  '),
        (messages, space) => {
          const body = read(spaced(JSON.stringify({ x: 1, messages }), space));
          const expected = messages.map(({ parts, metadata }) => ({
            parts: parts.map((part) => JSON.stringify(part)),
            metadata: JSON.stringify(metadata),
          }));
          expect(body.messageSources('messages')).toEqual(expected);
          expect(JSON.stringify(body.value)).toBe(JSON.stringify({ x: 1, messages }));
        },
      ),
    );
  });
});

describe('what is refused', () => {
  test('exactly what JSON.parse refuses, for any text near JSON', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '"message"',
      '"parts"',
      '1',
      ' ',
      'true',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = tokens.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) read(text);
        else expect(refusal(text).code).toBe('invalid_request');
      }),
      { numRuns: 1000 },
    );
  });

  test('white space inside a literal, which the stored text would lose', () => {
    expect(refusal('{"message":{"parts":[1 2]}}').message).toMatch(/not valid JSON/);
    expect(refusal('{"a":tr ue}').message).toMatch(/not valid JSON/);
  });

  test('bytes that are not UTF-8', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])).message).toBe('The body is not valid UTF-8');
  });

  test('more than 64 levels, before anything is parsed', () => {
    expect(read('['.repeat(64) + ']'.repeat(64)).value).toBeDefined();
    const message = 'The body is nested deeper than 64 levels';
    expect(refusal('['.repeat(65) + ']'.repeat(65)).message).toBe(message);
    expect(refusal('{"a":'.repeat(65) + '1' + '}'.repeat(65)).message).toBe(message);
    expect(refusal('['.repeat(5_000_000)).message).toBe(message);
    const deep = `{"message":{"parts":[${'['.repeat(61)}${']'.repeat(61)}]}}`;
    expect(read(deep).messageSource()?.parts).toHaveLength(1);
    expect(refusal(deep.replaceAll('[]', '[[]]')).message).toBe(message);
  });

  test('more than 1,000 parts or messages, before anything is parsed', () => {
    const parts = refusal(`{"messages":[{},{"parts":[${'{},'.repeat(100_000)}{}]}]}`);
    expect(parts.message).toBe('messages[1].parts must have 1 to 1000 items');
    expect(parts.details.field).toBe('messages[1].parts');
    expect(refusal(`{"replacement":[${'"" ,'.repeat(100_000)}1]}`).details.field).toBe('replacement');
    expect(read(`{"message":{"parts":[${'{},'.repeat(999)}{}]}}`).messageSource()?.parts).toHaveLength(1000);
  });

  test('an empty body', () => {
    expect(refusal('').message).toBe('The body is missing: send a JSON object');
  });
});
