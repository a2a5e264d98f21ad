import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { bodyText, messageText } from '../../src/message/encode-message.js';
import { messageJson, withParts } from '../../src/message/message-json.js';
import type { MessageInput } from '../../src/message/message-input.js';
import { estimator } from '../support/group-bench.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import { openLogMessage } from '../../src/message/log-message.js';
import { parse } from '../support/open-store.js';

const part = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.dictionary(fc.string(), fc.jsonValue()))
  .map(([type, rest]) => ({ ...rest, type }));
const message: fc.Arbitrary<MessageInput> = fc.record(
  {
    role: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
    parts: fc.array(part, { minLength: 1, maxLength: 8 }),
    metadata: fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
    id: fc.string({ unit: 'binary', minLength: 1 }),
    tokenCount: fc.nat(1_000_000_000),
  },
  { requiredKeys: ['role', 'parts'] },
);

describe('the body of a message', () => {
  test('reads back as what was sent, with seq, tokens and time', async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.integer({ min: 1, max: 2 ** 40 }), async (input, seq) => {
        const [prepared] = await prepareMessages([input], estimator, 1_700_000_000_123);
        const { json, outline } = openLogMessage(seq, prepared?.stored ?? new Uint8Array());
        expect(parse(json)).toEqual(
          JSON.parse(
            JSON.stringify({
              seq,
              ...(input.id === undefined ? {} : { id: input.id }),
              role: input.role,
              parts: input.parts,
              metadata: input.metadata ?? {},
              token_count: outline.tokens,
              inserted_at: '2023-11-14T22:13:20.123Z',
            }),
          ),
        );
        if (input.tokenCount !== undefined) expect(outline.tokens).toBe(input.tokenCount);
      }),
    );
  });

  test('spans are the bytes of the parts, whatever the script', () => {
    fc.assert(
      fc.property(message, (input) => {
        const text = messageText(input);
        const { text: encoded, spans } = bodyText(input, text, 1, 'now');
        const body = Buffer.from(encoded);
        const slices = spans.map(({ start, end }) => body.subarray(start, end).toString());
        expect(slices).toEqual(text.parts.map((each) => Buffer.from(each).toString()));
      }),
    );
  });

  test('without some parts it is the JSON of the others', () => {
    fc.assert(
      fc.property(message, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (input, keep) => {
        const { text: encoded, spans } = bodyText(input, messageText(input), 1, 'now');
        const body = Buffer.from(encoded);
        const kept = spans.flatMap((_, index) => (keep[index] === true ? [index] : []));
        const json = messageJson(5, body);
        const outlines = spans.map((span) => ({ ...span, kind: 'text', type: '', tokens: 0 }) as never);
        const whole = parse(json);
        const parts = whole['parts'] as unknown[];
        expect(parse(withParts(json, json.length - body.length, outlines, kept))).toEqual({
          ...whole,
          parts: kept.map((index) => parts[index]),
        });
      }),
    );
  });

  test('source slices go in byte for byte: key order, big numbers, duplicate keys, __proto__', () => {
    const raw =
      '{"type":"text","2":1,"1":2,"n":12345678901234567890.10,"a":1,"a":2,"__proto__":{"x":1},"s":"\\u00e9é"}';
    const input: MessageInput = {
      role: 'user',
      parts: [JSON.parse(raw) as Record<string, unknown>],
      source: { parts: [raw], metadata: '{"10":1,"9":2}' },
    };
    const body = Buffer.from(bodyText(input, messageText(input), 3, '2026-01-01T00:00:00.000Z').text);
    expect(Buffer.from(messageJson(1, body)).toString()).toBe(
      `{"seq":1,"role":"user","parts":[${raw}],"metadata":{"10":1,"9":2},"token_count":3,` +
        `"inserted_at":"2026-01-01T00:00:00.000Z"}`,
    );
  });
});
