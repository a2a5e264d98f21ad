import { describe, expect, test } from '@jest/globals';
import { encodingNamed, type Encoding } from '../../src/estimator/bpe/encoding.js';

const MIB = 1024 * 1024;

/** A repeatable stream of numbers in [0, 1): Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Text of at least 1 MiB in UTF-8 whose characters are drawn from `alphabet`. */
function drawn(alphabet: readonly string[]): string {
  const next = numbers(42);
  const { floor } = Math;
  const sizes = alphabet.map((character) => Buffer.byteLength(character));
  const characters: string[] = [];
  for (let bytes = 0; bytes < MIB;) {
    const index = floor(next() * alphabet.length);
    characters.push(alphabet[index] ?? '');
    bytes += sizes[index] ?? 1;
  }
  return characters.join('');
}

function repeated(text: string): string {
  return text.repeat(Math.ceil(MIB / Buffer.byteLength(text)));
}

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => String.fromCodePoint(from + i));
}

function fibonacci(): string {
  let [shorter, longer] = ['a', 'ab'];
  while (longer.length < MIB) [shorter, longer] = [longer, longer + shorter];
  return longer.slice(0, MIB);
}

const next = numbers(7);
const hostile: Record<string, string> = {
  'one letter': repeated('a'),
  'one capital': repeated('A'),
  spaces: repeated(' '),
  newlines: repeated('\n'),
  'one symbol': repeated('^'),
  'equals signs': repeated('='),
  'zero bytes': repeated('\0'),
  apostrophes: repeated("'"),
  contractions: repeated("'ll"),
  'lone surrogates': repeated('\ud800'),
  'combining marks': repeated('\u0301'),
  'one emoji': repeated('😀'),
  'one ideograph': repeated('漢'),
  'two letters in turn': repeated('ab'),
  'cases in turn': repeated('aA'),
  'capitals and ideographs in turn': repeated('A漢'),
  'spaces and newlines in turn': repeated(' \n'),
  'double spaces before letters': repeated('  a'),
  'a Fibonacci word': fibonacci(),
  'random letters': drawn(range(0x61, 0x7b)),
  'random capitals': drawn(range(0x41, 0x5b)),
  'random digits': drawn(range(0x30, 0x3a)),
  'random punctuation': drawn([...'!@#$%^&*()_+-=[]{}|;:,.<>?/~`"\'']),
  'random white space': drawn([' ', '\t', '\n', '\r', '\u00a0', '\u3000']),
  'random ideographs': drawn(range(0x4e00, 0x9fa5)),
  'random Hangul': drawn(range(0xac00, 0xd7a3)),
  'random Thai': drawn(range(0xe01, 0xe3a)),
  'random emoji': drawn(range(0x1f300, 0x1f600)),
  'joined emoji': drawn(['👩\u200d', '👧', '🏽', '❤️']),
  base64: Buffer.from(Uint8Array.from({ length: (MIB / 4) * 3 }, () => next() * 256)).toString('base64'),
  hexadecimal: Buffer.from(Uint8Array.from({ length: MIB / 2 }, () => next() * 256)).toString('hex'),
};

function expectFast(encoding: Encoding, text: string): void {
  expect(Buffer.byteLength(text)).toBeGreaterThanOrEqual(MIB);
  const times: number[] = [];
  // Time of this thread, and the best of up to eight: a busy machine must not fail what is fast enough.
  for (let run = 0; run < 8 && Math.min(...times) >= 250; run += 1) {
    const before = process.threadCpuUsage();
    expect(encoding.count(text)).toBeGreaterThan(0);
    const { user, system } = process.threadCpuUsage(before);
    times.push((user + system) / 1000);
  }
  expect(Math.min(...times)).toBeLessThan(250);
}

describe.each(['o200k_base', 'cl100k_base'] as const)('%s counts 1 MiB in under 250 ms', (name) => {
  const encoding = encodingNamed(name);

  test.each(Object.keys(hostile))('of %s', (label) => {
    expectFast(encoding, hostile[label] ?? '');
  });
});

// The older pattern puts no bound on the digits of a piece.
test('p50k_base counts 1 MiB of digits in under 250 ms', () => {
  expectFast(encodingNamed('p50k_base'), hostile['random digits'] ?? '');
});

test('time grows with length, not with its square', () => {
  const encoding = encodingNamed('o200k_base');
  const text = drawn(range(0x61, 0x7b));
  const cpuMs = (part: string): number => {
    const before = process.threadCpuUsage();
    encoding.count(part);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const small = Math.min(...[1, 2, 3].map(() => cpuMs(text.slice(0, MIB / 8))));
  const large = Math.min(...[1, 2, 3].map(() => cpuMs(text)));
  // Eight times the text: eight times the time, or 64 times were it quadratic.
  expect(large / small).toBeLessThan(24);
});
