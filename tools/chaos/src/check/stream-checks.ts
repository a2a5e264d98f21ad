import type { Violation } from '../history/operation.ts';
import type { FinalLog } from './linearizable.ts';

/** A frame as far as it is checked. */
export type Frame =
  | { readonly type: 'message'; readonly version: number; readonly seq: number; readonly text: string }
  | {
      readonly type: 'context' | 'compaction' | 'ping' | 'tombstoned' | 'reset' | 'gap';
      readonly version: number;
    };

/**
 * One follower of one context, over all its connections and the nodes that they went to. Its frames must be the log:
 * each seq once and in order, versions never back, and after a resume nothing but what the cursor leaves open.
 */
export class StreamCheck {
  readonly #context: string;
  readonly #texts: string[] = [];
  #version = 0;
  #cursor = 0;
  /** The seq up to which messages may come again after a resume: a batch that was cut off. */
  #repeatsTo = 0;
  #expected = 1;

  constructor(context: string) {
    this.#context = context;
  }

  /** The version to resume after. */
  get cursor(): number {
    return this.#cursor;
  }

  /** The last seq that came. */
  get lastSeq(): number {
    return this.#texts.length;
  }

  connected(): void {
    this.#version = this.#cursor;
    this.#repeatsTo = this.#texts.length;
    this.#expected = 0;
  }

  frame(frame: Frame): Violation | null {
    const back = frame.version < this.#version;
    if (back) return this.#broken(`version ${frame.version} after version ${this.#version} (${frame.type})`);
    this.#version = frame.version;
    switch (frame.type) {
      case 'message':
        return this.#message(frame);
      case 'compaction':
        return null;
      case 'context':
      case 'ping':
      case 'tombstoned':
        this.#cursor = frame.version;
        return null;
      case 'reset':
      case 'gap':
        return this.#broken(
          `a ${frame.type} at cursor ${this.#cursor}, though nothing was erased or trimmed`,
        );
    }
  }

  #message({ seq, text, version }: Extract<Frame, { type: 'message' }>): Violation | null {
    if (version <= this.#cursor) {
      return this.#broken(`seq ${seq} of version ${version} came again after cursor ${this.#cursor}`);
    }
    if (this.#expected === 0) {
      // The first message after a resume: the beginning of the batch that was cut off, or what follows.
      if (seq > this.#repeatsTo + 1) return this.#broken(`seq ${seq} follows seq ${this.#repeatsTo}`);
      this.#expected = seq;
    }
    if (seq !== this.#expected) return this.#broken(`seq ${seq} came where ${this.#expected} belongs`);
    this.#expected += 1;
    const known = this.#texts[seq - 1];
    if (known !== undefined && known !== text) {
      return this.#broken(`seq ${seq} came as "${known}" and again as "${text}"`);
    }
    this.#texts[seq - 1] = text;
    return null;
  }

  /** To be asked once everything has been sent: the frames are the whole log. */
  end(log: FinalLog): Violation[] {
    if (this.#texts.length !== log.length) {
      const message = `the stream ended at seq ${this.#texts.length}, the log at ${log.length}`;
      return [{ check: 'streams equal the log', context: this.#context, message }];
    }
    const at = log.findIndex((text, index) => this.#texts[index] !== text);
    if (at === -1) return [];
    const violation = this.#broken(`seq ${at + 1} came as "${this.#texts[at]}", the log has "${log[at]}"`);
    return [violation];
  }

  #broken(message: string): Violation {
    return { check: 'streams equal the log', context: this.#context, message };
  }
}
