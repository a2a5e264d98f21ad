import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SseParser, longestEvent, type ServerSentEvent } from '../../src/stream/sse-parser.js';

function parse(...pieces: string[]): ServerSentEvent[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

describe('an event stream', () => {
  test('has data, a type and an id', () => {
    expect(parse('id: 7\nevent: message\ndata: {"a":1}\n\n')).toEqual([
      { id: '7', event: 'message', data: '{"a":1}' },
    ]);
  });

  test('has data over several lines, with or without a space after the colon', () => {
    expect(parse('data:a\ndata: b\ndata\ndata:  c\n\n').map(({ data }) => data)).toEqual(['a\nb\n\n c']);
  });

  test('has comments and unknown fields, which are nothing', () => {
    expect(parse(': ping\n\nretry: 10\nfoo: bar\n\nid: 3\n\ndata: x\n\n')).toEqual([
      { id: null, event: '', data: 'x' },
    ]);
  });

  test('whose last event is not complete has one less', () => {
    expect(parse('data: a\n\ndata: b\n')).toHaveLength(1);
  });

  test('with an event that never ends is refused before it fills the memory', () => {
    const parser = new SseParser();
    const megabyte = 'x'.repeat(1024 * 1024);
    parser.push('data: ');
    expect(() => {
      for (let i = 0; i < 70; i++) parser.push(megabyte);
    }).toThrow(RangeError);
    const lines = new SseParser();
    expect(() => {
      for (let i = 0; i <= longestEvent / megabyte.length; i++) lines.push(`data: ${megabyte}\n`);
    }).toThrow(RangeError);
  });

  test('gives the same events whatever the ends of its lines and wherever it is cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', ':', ' ', '🦙', 'é') });
    const event = fc.record({ id: fc.option(line), event: line, data: fc.array(line, { minLength: 1 }) });
    const ending = fc.constantFrom('\n', '\r', '\r\n');
    fc.assert(
      fc.property(fc.array(event), ending, fc.array(fc.nat()), (events, end, cuts) => {
        const text = events
          .map(({ id, event: type, data }) => {
            const lines = data.map((value) => `data: ${value}`);
            return [...(id === null ? [] : [`id: ${id}`]), `event: ${type}`, ...lines, '', ''].join(end);
          })
          .join('');
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
        expect(parse(...pieces)).toEqual(
          events.map(({ data, ...rest }) => ({ ...rest, data: data.join('\n') })),
        );
      }),
    );
  });
});
