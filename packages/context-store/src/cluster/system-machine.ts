import { LogStorageError, type KeySpace } from '@fastpaca/log-storage';
import {
  logIndex,
  type CommittedEntry,
  type LogIndex,
  type SnapshotMeta,
  type SnapshotSource,
  type StateMachine,
} from '@fastpaca/raft-core';

import { ByteReader, MalformedError } from '../codec/byte-reader.js';
import { ByteWriter } from '../codec/byte-writer.js';
import { restoreSpace, snapshotChunks } from '../state/snapshot.js';
import { changeFacts, noFacts, type ClusterFacts, type FactsResult } from './facts.js';
import { decodeFacts, decodeFactsCommand, encodeFacts } from './facts-codec.js';

const stateKey = Uint8Array.of(0);
const format = 1;

interface SystemState {
  /** The last entry that the facts reflect. */
  readonly applied: LogIndex;
  readonly facts: ClusterFacts;
}

const nothing: SystemState = { applied: logIndex(0), facts: noFacts };

/**
 * The state of the system group: the cluster's facts, under one key of its key space, with the index
 * that they reflect. The listener is told after they have changed, for whatever reason.
 */
export class SystemMachine implements StateMachine<FactsResult> {
  readonly #space: KeySpace;
  readonly #onChange: () => void;
  #state: SystemState = nothing;
  /** What is staged and not known to be durable. */
  #staged: { readonly token: number; readonly index: LogIndex } | null = null;
  #durable: LogIndex = logIndex(0);

  constructor(space: KeySpace, onChange: () => void) {
    this.#space = space;
    this.#onChange = onChange;
  }

  get facts(): ClusterFacts {
    return this.#state.facts;
  }

  open(): Promise<LogIndex> {
    this.#read();
    return Promise.resolve(this.#state.applied);
  }

  apply(entries: readonly CommittedEntry[]): readonly FactsResult[] | Promise<readonly FactsResult[]> {
    const last = entries.at(-1);
    if (last === undefined) return [];
    let { facts } = this.#state;
    const results = entries.map(({ data }) => {
      const command = decodeFactsCommand(data);
      if (command === null) return unknownCommand(facts);
      const step = changeFacts(facts, command);
      facts = step.facts;
      return step.result;
    });
    const next: SystemState = { applied: last.index, facts };
    if (this.#tryMove(next)) return results;
    return this.#move(next).then(() => results);
  }

  /** Waits for room in the store, which context groups may have filled. */
  async #move(next: SystemState): Promise<void> {
    do await this.#space.durable(this.#space.durableToken() + 1);
    while (!this.#tryMove(next));
  }

  /** False where the store has no room for more staged state until it has written some. */
  #tryMove(next: SystemState): boolean {
    this.durableIndex();
    let token: number;
    try {
      token = this.#space.stage([{ type: 'put', key: stateKey, value: encodeState(next) }]);
    } catch (error) {
      if (error instanceof LogStorageError && error.code === 'staged_full') return false;
      throw error;
    }
    const changed = next.facts.revision !== this.#state.facts.revision;
    this.#state = next;
    this.#staged = { token, index: next.applied };
    if (changed) this.#onChange();
    return true;
  }

  durableIndex(): LogIndex {
    if (this.#staged !== null && this.#space.durableToken() >= this.#staged.token) {
      this.#durable = this.#staged.index;
      this.#staged = null;
    }
    return this.#durable;
  }

  snapshot(): Promise<SnapshotSource> {
    const copy = this.#space.snapshot();
    const index = this.#state.applied;
    return Promise.resolve({ index, chunks: snapshotChunks(copy), release: () => copy.release() });
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await restoreSpace(this.#space, chunks, (pairs) => {
      const bytes = pairs.get(stateKey);
      const { applied } = bytes === undefined ? nothing : decodeState(bytes);
      if (applied === meta.index) return;
      throw new Error(`The snapshot of entry ${meta.index} holds the facts of entry ${applied}.`);
    });
    this.#read();
    this.#onChange();
  }

  #read(): void {
    const bytes = this.#space.get(stateKey);
    this.#state = bytes === undefined ? nothing : decodeState(bytes);
    this.#staged = null;
    this.#durable = this.#state.applied;
  }
}

const unknownCommand = (facts: ClusterFacts): FactsResult => ({
  kind: 'facts',
  outcome: 'refused',
  reason: 'The command is malformed, or of a newer version: upgrade all nodes.',
  revision: facts.revision,
});

const encodeState = ({ applied, facts }: SystemState): Uint8Array =>
  new ByteWriter(1024).u8(format).varint(applied).bytes(encodeFacts(facts)).finish();

/** @throws MalformedError where the bytes are no facts of this format. */
function decodeState(bytes: Uint8Array): SystemState {
  const reader = new ByteReader(bytes);
  const found = reader.u8();
  if (found !== format)
    throw new MalformedError(`Facts of format ${found} are not known; upgrade this node.`);
  const applied = logIndex(reader.varint());
  const facts = decodeFacts(reader.bytes());
  reader.end();
  if (facts === null) throw new MalformedError('The facts of the cluster cannot be read.');
  return { applied, facts };
}
