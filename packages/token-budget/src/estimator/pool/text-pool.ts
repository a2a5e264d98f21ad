import { Piscina } from 'piscina';
import type { EncodingName } from '../bpe/vocabulary.js';
import { EstimatorError } from '../errors.js';
import type { CountTask } from './count-worker.js';

/** Bounds of a pool. */
export interface TextPoolOptions {
  /** Worker threads, at least 1. */
  readonly threads: number;
  /** Text, in UTF-16 code units, that may wait or be counted at one time. */
  readonly maxQueuedCharacters: number;
  /** How long one call may take, its wait included. */
  readonly deadlineMs: number;
}

/** More calls than this never wait at one time, however small their texts. */
const MAX_QUEUED_CALLS = 1024;

/** Whether this file runs as TypeScript (tests, the source condition) rather than from dist. */
const isSource = import.meta.url.endsWith('.ts');

/** Counts texts of one encoding on worker threads. The threads start with the first text. */
export class TextPool {
  readonly #encoding: EncodingName;
  readonly #options: TextPoolOptions;
  #piscina: Piscina<CountTask, number[]> | null = null;
  #queuedCharacters = 0;
  #closed = false;

  constructor(encoding: EncodingName, options: TextPoolOptions) {
    this.#encoding = encoding;
    this.#options = options;
  }

  /**
   * Tokens of each text.
   *
   * @throws EstimatorError `estimator_overloaded`, `estimator_timeout`, `estimator_closed`, `estimator_failed`
   */
  async count(texts: readonly string[]): Promise<number[]> {
    if (this.#closed)
      throw new EstimatorError('estimator_closed', 'The estimator is closed. Create another one.');
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    const { maxQueuedCharacters, deadlineMs } = this.#options;
    // A call larger than the bound is still taken when nothing else waits: it must not be refused for ever.
    if (this.#queuedCharacters > 0 && this.#queuedCharacters + characters > maxQueuedCharacters) {
      throw overloaded(`${this.#queuedCharacters} characters already wait`);
    }
    this.#piscina ??= this.#start();
    const signal = AbortSignal.timeout(deadlineMs);
    this.#queuedCharacters += characters;
    try {
      return await this.#piscina.run({ encoding: this.#encoding, texts }, { signal });
    } catch (cause) {
      throw this.#explained(cause, signal.aborted);
    } finally {
      this.#queuedCharacters -= characters;
    }
  }

  /** Stops the threads. Texts that still wait are refused with `estimator_closed`. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#piscina?.destroy();
    this.#piscina = null;
  }

  #start(): Piscina<CountTask, number[]> {
    return new Piscina<CountTask, number[]>({
      filename: new URL(isSource ? './count-worker.ts' : './count-worker.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: this.#options.threads,
      maxQueue: MAX_QUEUED_CALLS,
      // Flags of the process do not all suit a thread, and none is needed.
      execArgv: isSource ? ['--import', new URL('./source-imports.mjs', import.meta.url).href] : [],
    });
  }

  #explained(cause: unknown, timedOut: boolean): EstimatorError {
    if (this.#closed)
      return new EstimatorError('estimator_closed', 'The estimator was closed meanwhile.', { cause });
    if (timedOut) {
      const message = `Counting took more than ${this.#options.deadlineMs} ms. Send less text at a time.`;
      return new EstimatorError('estimator_timeout', message, { cause });
    }
    if (cause instanceof Error && cause.message === 'Task queue is at limit') {
      return overloaded(`${MAX_QUEUED_CALLS} calls already wait`);
    }
    return new EstimatorError('estimator_failed', 'The worker that counts tokens failed; see the cause.', {
      cause,
    });
  }
}

function overloaded(what: string): EstimatorError {
  return new EstimatorError('estimator_overloaded', `Too much to count: ${what}. Try again later.`);
}
