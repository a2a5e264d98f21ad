import { encodingNamed } from './bpe/encoding.js';
import { partContent, type PartContent } from './content/part-content.js';
import { isRecord } from './content/record.js';
import { TextPool } from './pool/text-pool.js';
import { parseSpec } from './spec.js';

/** Tokens that every message costs beside its parts: role and separators (OpenAI cookbook). */
export const MESSAGE_OVERHEAD_TOKENS = 3;

/** The part of a message that costs tokens. `role` and `metadata` do not, beyond the overhead. */
export interface CountableMessage {
  readonly role?: unknown;
  readonly parts: readonly unknown[];
  readonly metadata?: unknown;
}

/** Tokens of a message: `total` = `MESSAGE_OVERHEAD_TOKENS` + the sum of `parts`, one number for each part. */
export interface MessageTokens {
  readonly total: number;
  readonly parts: readonly number[];
}

/** Counts tokens. One object serves the whole process; it is safe to use from many requests at a time. */
export interface TokenEstimator {
  /** The spec it was made from. */
  readonly name: string;
  /** Tokens of a text, counted at once on this thread: some 70 ms for a MiB of prose. */
  countText(text: string): number;
  /** Tokens of a message, counted at once on this thread. Never throws, whatever the parts hold. */
  countMessage(message: CountableMessage): MessageTokens;
  /** `countText`, on a worker thread if the text is long. */
  countTextAsync(text: string): Promise<number>;
  /** `countMessage`, on a worker thread if the texts of the message are long. */
  countMessageAsync(message: CountableMessage): Promise<MessageTokens>;
  /**
   * Tokens of each message, on a worker thread if the texts of all of them are long together. For a batch: one
   * `countMessageAsync` after another would count many small messages without a break.
   */
  countMessagesAsync(messages: readonly CountableMessage[]): Promise<MessageTokens[]>;
  /** Stops the worker. The synchronous methods stay usable; long texts are refused with `estimator_closed`. */
  close(): Promise<void>;
}

/** Options of `createEstimator`. */
export interface EstimatorOptions {
  /** Text above which the async methods use a worker, in UTF-16 code units. Default 16,384 (some 2 ms). */
  readonly workerThresholdCharacters?: number;
  /** Worker threads. Default 1. */
  readonly workerThreads?: number;
  /** Text that may wait for a worker before more is refused, in UTF-16 code units. Default 64 Mi. */
  readonly maxQueuedCharacters?: number;
  /** How long a worker may take for one call, its wait included. Default 30,000. */
  readonly deadlineMs?: number;
}

/**
 * Makes an estimator from its spec.
 *
 * - `tiktoken:MODEL`, `tiktoken:ENCODING`: the tokens of OpenAI's tiktoken, special tokens as plain text.
 * - `chars:N`: one token for each N UTF-16 code units of a text, rounded up.
 * - `*FACTOR` behind either multiplies: `tiktoken:o200k_base*1.1` for a model without a public tokenizer. It
 *   applies to the sum of a message's parts, not to the overhead, and rounds up once per message.
 *
 * Loading an encoding takes about 0.1 s, here, so that no request pays for it.
 *
 * @throws EstimatorError `unknown_estimator` (lists the known names), `invalid_estimator`
 *
 * @example
 * const estimator = createEstimator('tiktoken:gpt-4o');
 * estimator.countText('Hello, world'); // 3
 * estimator.countMessage({ role: 'user', parts: [{ type: 'text', text: 'Hello, world' }] }); // total 6, parts [3]
 * await estimator.close();
 */
export function createEstimator(spec: string, options: EstimatorOptions = {}): TokenEstimator {
  const parsed = parseSpec(spec);
  if (parsed.kind === 'chars') {
    const { charactersPerToken } = parsed;
    const count = (text: string): number => Math.ceil(text.length / charactersPerToken);
    return new ContentEstimator(spec, count, parsed.factor, null, Infinity);
  }
  const encoding = encodingNamed(parsed.encoding);
  const pool = new TextPool(parsed.encoding, {
    threads: options.workerThreads ?? 1,
    maxQueuedCharacters: options.maxQueuedCharacters ?? 64 * 1024 * 1024,
    deadlineMs: options.deadlineMs ?? 30_000,
  });
  const threshold = options.workerThresholdCharacters ?? 16_384;
  return new ContentEstimator(spec, (text) => encoding.count(text), parsed.factor, pool, threshold);
}

class ContentEstimator implements TokenEstimator {
  readonly name: string;
  readonly #count: (text: string) => number;
  readonly #factor: number;
  readonly #pool: TextPool | null;
  readonly #threshold: number;

  constructor(
    name: string,
    count: (text: string) => number,
    factor: number,
    pool: TextPool | null,
    threshold: number,
  ) {
    this.name = name;
    this.#count = count;
    this.#factor = factor;
    this.#pool = pool;
    this.#threshold = threshold;
  }

  countText(text: string): number {
    return scaled(this.#count(text), this.#factor);
  }

  countMessage(message: CountableMessage): MessageTokens {
    return this.#tokensOf(contentsOf(message), this.#count);
  }

  async countTextAsync(text: string): Promise<number> {
    if (this.#pool === null || text.length <= this.#threshold) return this.countText(text);
    const [tokens = 0] = await this.#pool.count([text]);
    return scaled(tokens, this.#factor);
  }

  async countMessageAsync(message: CountableMessage): Promise<MessageTokens> {
    const contents = contentsOf(message);
    if (this.#pool === null || charactersOf(contents) <= this.#threshold) {
      return this.#tokensOf(contents, this.#count);
    }
    const counts = await this.#pool.count(contents.flatMap((content) => content.texts));
    return this.#tokensOf(contents, inOrder(counts));
  }

  async countMessagesAsync(messages: readonly CountableMessage[]): Promise<MessageTokens[]> {
    const contents = messages.map(contentsOf);
    const characters = contents.reduce((sum, parts) => sum + charactersOf(parts), 0);
    if (this.#pool === null || characters <= this.#threshold) {
      return contents.map((parts) => this.#tokensOf(parts, this.#count));
    }
    const counts = await this.#pool.count(contents.flat().flatMap((content) => content.texts));
    const next = inOrder(counts);
    return contents.map((parts) => this.#tokensOf(parts, next));
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  #tokensOf(contents: readonly PartContent[], count: (text: string) => number): MessageTokens {
    const parts: number[] = [];
    let counted = 0;
    let total = 0;
    for (const content of contents) {
      counted += content.flat;
      for (const text of content.texts) counted += count(text);
      // The sum is what is scaled, so that many small parts do not each round up.
      const upToHere = scaled(counted, this.#factor);
      parts.push(upToHere - total);
      total = upToHere;
    }
    return { total: total + MESSAGE_OVERHEAD_TOKENS, parts };
  }
}

function scaled(tokens: number, factor: number): number {
  // 10 * 1.1 is 11.000000000000002: rounded to a millionth first, lest the error become a token.
  return factor === 1 ? tokens : Math.ceil(Math.round(tokens * factor * 1e6) / 1e6);
}

/** A message's parts, whatever was given for a message: it comes from a client. */
function contentsOf(message: unknown): PartContent[] {
  const parts = isRecord(message) ? message['parts'] : undefined;
  return Array.isArray(parts) ? parts.map(partContent) : [];
}

function charactersOf(contents: readonly PartContent[]): number {
  let characters = 0;
  for (const { texts } of contents) {
    for (const text of texts) characters += text.length;
  }
  return characters;
}

/** Hands out the workers' counts in the order in which the texts were sent. */
function inOrder(counts: readonly number[]): () => number {
  let next = 0;
  return () => counts[next++] ?? 0;
}
