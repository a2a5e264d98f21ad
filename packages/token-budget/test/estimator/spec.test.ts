import { describe, expect, test } from '@jest/globals';
import { EstimatorError, createEstimator } from '../../src/index.js';
import { KNOWN_NAMES, encodingOf } from '../../src/estimator/models.js';

function errorOf(spec: string): EstimatorError {
  try {
    createEstimator(spec);
  } catch (error) {
    if (error instanceof EstimatorError) return error;
    throw error;
  }
  throw new Error(`"${spec}" was accepted.`);
}

describe('models map to the encodings OpenAI gave them', () => {
  test.each([
    [
      'o200k_base',
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-4o-2099-01-01',
      'gpt-4.1-mini',
      'gpt-4.5-preview',
      'gpt-5',
      'gpt-5.1',
    ],
    [
      'o200k_base',
      'gpt-5-codex',
      'o1',
      'o1-pro',
      'o3-mini-high',
      'o4-mini',
      'chatgpt-4o-latest',
      'gpt-oss-120b',
    ],
    ['o200k_base', 'ft:gpt-4o-mini-2024-07-18:acme::abc', 'ft:gpt-4.1-nano:acme', 'o200k_base'],
    [
      'cl100k_base',
      'gpt-4',
      'gpt-4-turbo',
      'gpt-4-32k',
      'gpt-3.5-turbo-0125',
      'gpt-35-turbo',
      'ft:gpt-3.5-turbo:a:b',
    ],
    ['cl100k_base', 'text-embedding-3-small', 'ft:davinci-002:acme', 'cl100k_base'],
    ['p50k_base', 'text-davinci-003', 'p50k_base'],
    ['r50k_base', 'davinci'],
    ['gpt2', 'gpt2'],
  ])('%s', (encoding, ...names) => {
    for (const name of names) expect([name, encodingOf(name)]).toEqual([name, encoding]);
  });

  test.each([
    '',
    'claude-3',
    'gemini-2.5-pro',
    'o100k_base',
    'o2',
    'GPT-4o',
    '__proto__',
    'constructor',
    'ft:',
  ])('and %j to none', (name) => {
    expect(encodingOf(name)).toBeNull();
  });
});

describe('a spec that cannot be used is refused', () => {
  test('an unknown model, with the names that are known', () => {
    const error = errorOf('tiktoken:claude-opus');
    expect(error.code).toBe('unknown_estimator');
    expect(error.message).toContain('"claude-opus"');
    for (const name of ['o200k_base', 'cl100k_base', 'gpt-4o*', 'gpt-5*', 'gpt-3.5*', 'text-davinci-003']) {
      expect(KNOWN_NAMES).toContain(name);
      expect(error.message).toContain(name);
    }
  });

  test.each(['', 'tiktoken', 'words:4', 'chars', ':4', 'TIKTOKEN:gpt-4o'])('an unknown kind: %j', (spec) => {
    expect(errorOf(spec).code).toBe('unknown_estimator');
  });

  test.each([
    'chars:',
    'chars:0',
    'chars:0.5',
    'chars:1001',
    'chars:4*101',
    'chars:-4',
    'chars:four',
    'chars:1e3',
    'chars:Infinity',
    'chars:4*0',
    'chars:4*',
  ])('a number out of bounds: %j', (spec) => {
    expect(errorOf(spec).code).toBe('invalid_estimator');
  });

  test.each(['tiktoken:gpt-4o*-1', 'tiktoken:gpt-4o*1.1*2', 'tiktoken:gpt-4o*NaN'])(
    'a bad factor: %j',
    (spec) => {
      expect(errorOf(spec).code).toBe('invalid_estimator');
    },
  );
});

describe('factors and characters', () => {
  const words = { role: 'user', parts: [{ type: 'text', text: 'one two three four five' }] };

  test('chars:N is one token per N code units, rounded up', () => {
    const estimator = createEstimator('chars:4');
    expect(estimator.countText('')).toBe(0);
    expect(estimator.countText('12345678')).toBe(2);
    expect(estimator.countText('123456789')).toBe(3);
    expect(createEstimator('chars:2.5').countText('12345')).toBe(2);
  });

  test('a factor rounds up once per message and leaves the overhead alone', () => {
    expect(createEstimator('tiktoken:o200k_base').countMessage(words)).toEqual({ total: 8, parts: [5] });
    expect(createEstimator('tiktoken:o200k_base*1.1').countMessage(words)).toEqual({ total: 9, parts: [6] });
    const tenParts = { parts: Array.from({ length: 10 }, () => ({ type: 'text', text: '1234' })) };
    const { total, parts } = createEstimator('chars:4*1.1').countMessage(tenParts);
    expect(total).toBe(14);
    expect(parts.reduce((sum, tokens) => sum + tokens)).toBe(11);
  });

  test('the name is the spec', () => {
    expect(createEstimator('tiktoken:gpt-4o*1.5').name).toBe('tiktoken:gpt-4o*1.5');
  });
});
