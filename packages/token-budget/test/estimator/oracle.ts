import { createRequire } from 'node:module';
import { Tiktoken } from 'tiktoken/lite';

const require = createRequire(import.meta.url);

interface EncoderFile {
  readonly bpe_ranks: string;
  readonly special_tokens: Record<string, number>;
  readonly pat_str: string;
}

/** tiktoken itself, as the truth: the length of `encode_ordinary`. */
export function oracle(encoding: string): (text: string) => number {
  const file = require(`tiktoken/encoders/${encoding}.json`) as EncoderFile;
  const tiktoken = new Tiktoken(file.bpe_ranks, file.special_tokens, file.pat_str);
  return (text) => tiktoken.encode_ordinary(text).length;
}
