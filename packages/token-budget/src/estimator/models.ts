import { createRequire } from 'node:module';
import { ENCODINGS, type EncodingName } from './bpe/vocabulary.js';

const require = createRequire(import.meta.url);
const exactModels = new Map(
  Object.entries(require('tiktoken/model_to_encoding.json') as Record<string, EncodingName>),
);

/**
 * Families of models by the start of their name; the first that matches counts. tiktoken's own table holds exact
 * names and stops at the models of its release.
 */
const MODEL_FAMILIES: readonly (readonly [prefix: string, encoding: EncodingName])[] = [
  ['gpt-5', 'o200k_base'],
  ['gpt-4.1', 'o200k_base'],
  ['gpt-4.5', 'o200k_base'],
  ['gpt-4o', 'o200k_base'],
  ['gpt-oss', 'o200k_base'],
  ['chatgpt-4o', 'o200k_base'],
  ['o1', 'o200k_base'],
  ['o3', 'o200k_base'],
  ['o4-mini', 'o200k_base'],
  ['gpt-4', 'cl100k_base'],
  ['gpt-3.5', 'cl100k_base'],
  ['gpt-35', 'cl100k_base'],
];

/** Names a spec may use after `tiktoken:`, for messages and documentation. A `*` stands for any ending. */
export const KNOWN_NAMES: readonly string[] = [
  ...ENCODINGS,
  ...MODEL_FAMILIES.map(([prefix]) => `${prefix}*`),
  ...[...exactModels.keys()].filter((model) => familyOf(model) === null),
];

/** The encoding of an encoding's own name, a model, or a fine-tuned model (`ft:MODEL:…`); null if unknown. */
export function encodingOf(name: string): EncodingName | null {
  const encoding = ENCODINGS.find((candidate) => candidate === name);
  if (encoding !== undefined) return encoding;
  const [model = ''] = name.startsWith('ft:') ? name.slice(3).split(':', 1) : [name];
  return exactModels.get(model) ?? familyOf(model);
}

function familyOf(model: string): EncodingName | null {
  // `o1*` and `o3*` are short enough to catch a misspelt encoding (`o100k_base`): only a separator may follow.
  if (/^o\d+\w/.test(model)) return null;
  return MODEL_FAMILIES.find(([prefix]) => model.startsWith(prefix))?.[1] ?? null;
}
