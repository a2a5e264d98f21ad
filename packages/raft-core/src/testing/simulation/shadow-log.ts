import type { ConfState } from '../../log/entry.js';
import type { LogIndex, Term } from '../../ids.js';

interface ConfAt {
  readonly index: number;
  readonly conf: ConfState;
}

/** What a checker knows of one replica's log: terms and configurations, including what is not durable. */
export class ShadowLog {
  /** `#terms[i]` is the term at index i; what was compacted away stays known. */
  #terms: number[] = [0];
  #confs: ConfAt[] = [];

  get lastIndex(): LogIndex {
    return (this.#terms.length - 1) as LogIndex;
  }

  term(index: number): Term | undefined {
    return this.#terms[index] as Term | undefined;
  }

  /** The newest configuration, applied or not: Raft uses it as soon as it is in the log. */
  get conf(): ConfAt {
    return this.#confs.at(-1) ?? { index: 0, conf: noConf };
  }

  reset(index: LogIndex, term: Term, confIndex: LogIndex, conf: ConfState): void {
    this.#terms = [];
    this.#terms[index] = term;
    this.#confs = [{ index: confIndex, conf }];
  }

  truncate(from: LogIndex): void {
    this.#terms.length = Math.min(this.#terms.length, from);
    while ((this.#confs.at(-1)?.index ?? 0) >= from) this.#confs.pop();
  }

  append(index: LogIndex, term: Term, conf: ConfState | null): void {
    this.#terms[index] = term;
    if (conf !== null) this.#confs.push({ index, conf });
  }
}

const noConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
