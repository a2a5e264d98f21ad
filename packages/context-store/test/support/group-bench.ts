import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LogStore } from '@fastpaca/log-storage';
import { groupId, logIndex, term } from '@fastpaca/raft-core';
import { createEstimator } from '@fastpaca/token-budget';

import { ArchiveReader } from '../../src/archive/archive-reader.js';
import { archiveRow } from '../../src/archive/archive-row.js';
import { lifeName } from '../../src/archive/life.js';
import { ContextCache } from '../../src/cache/context-cache.js';
import { encodeCommand } from '../../src/command/command-codec.js';
import type { Command, LogCommand } from '../../src/command/command.js';
import { appendCommand, compactCommand } from '../../src/command/build-command.js';
import { contextId } from '../../src/context/context-id.js';
import type { MessageInput } from '../../src/message/message-input.js';
import type { LogSource } from '../../src/paging/read-log.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import type { CommandResult, ContextWrite } from '../../src/state/change.js';
import { GroupMachine } from '../../src/state/group-machine.js';
import { messageRange, numberOfKey } from '../../src/state/keys.js';
import { MemoryArchive } from './memory-archive.js';

export const estimator = createEstimator('chars:4');

/** One group's machine over a real store, fed with entries as a host would feed it. */
export class GroupBench {
  readonly log: Uint8Array[] = [];
  readonly changes: ContextWrite[] = [];
  /** Snapshots that replaced the state. */
  replaced = 0;
  /** What the archive of this group has. */
  readonly archive = new MemoryArchive();
  readonly reader = new ArchiveReader(this.archive, 1_000);
  machine: GroupMachine;
  #store: LogStore;

  private constructor(
    readonly directory: string,
    store: LogStore,
    readonly cacheBytes: number,
    readonly group: number,
  ) {
    this.#store = store;
    this.machine = this.#newMachine();
  }

  static async create(
    options: { cacheBytes?: number; group?: number; maxStagedBytes?: number } = {},
  ): Promise<GroupBench> {
    const directory = await mkdtemp(join(tmpdir(), 'group-bench-'));
    const { maxStagedBytes } = options;
    const store = await LogStore.open(directory, maxStagedBytes === undefined ? {} : { maxStagedBytes });
    await store.open();
    const bench = new GroupBench(directory, store, options.cacheBytes ?? 1 << 20, options.group ?? 7);
    await bench.machine.open();
    return bench;
  }

  get source(): LogSource {
    return { machine: this.machine, archive: this.reader };
  }

  get store(): LogStore {
    return this.#store;
  }

  /** Applies bytes as the next entry. */
  async apply(data: Uint8Array): Promise<CommandResult> {
    this.log.push(data);
    const index = logIndex(this.log.length);
    const [result] = await this.machine.apply([{ index, term: term(1), data }]);
    if (result === undefined) throw new Error('An entry got no result.');
    return result;
  }

  run(command: LogCommand): Promise<CommandResult> {
    return this.apply(encodeCommand(command));
  }

  async append(
    id: string,
    messages: readonly MessageInput[],
    options: { at?: number; ifVersion?: number; idempotencyKey?: string } = {},
  ): Promise<CommandResult> {
    const at = options.at ?? 1_000_000;
    const prepared = await prepareMessages(messages, estimator, at);
    return this.run(appendCommand(contextId(id), at, messages, prepared, options));
  }

  async compact(
    id: string,
    messages: readonly MessageInput[],
    options: { at?: number; ifVersion?: number; upToSeq?: number } = {},
  ): Promise<CommandResult> {
    const at = options.at ?? 1_000_000;
    const prepared = await prepareMessages(messages, estimator, at);
    return this.run(compactCommand(contextId(id), at, prepared, options));
  }

  /** Brings a share of a log into the archive, as an archiver does, and has the state trim it. */
  async archiveUpTo(
    name: string,
    options: { share: number; tailKeep: number; trimSteps: number },
  ): Promise<CommandResult> {
    const id = contextId(name);
    const record = this.machine.context(id)?.record;
    const seq = Math.floor(options.share * (record?.lastSeq ?? 0));
    const ordinal = record?.ordinal ?? 0;
    if (record !== undefined && seq > record.archivedSeq) {
      const context = { contextId: id, life: lifeName(record) };
      const range = messageRange(ordinal, record.archivedSeq + 1, seq);
      const pairs = await this.machine.space.rangeArray(range);
      const rows = pairs.map(([key, stored]) => archiveRow(context, numberOfKey(key), stored));
      await this.archive.write(rows);
    }
    const { tailKeep, trimSteps } = options;
    const items = [{ id, ordinal, seq, restSince: null }];
    return this.run({ type: 'archived', at: 2_000_000, tailKeep, trimSteps, items });
  }

  /** The state as bytes, staged changes included. */
  async bytes(): Promise<string> {
    const pairs = await this.machine.space.rangeArray({});
    return pairs.map(([key, value]) => `${hex(key)}=${hex(value)}`).join('\n');
  }

  /** A machine on the same key space that remembers nothing, as after a restart without a crash. */
  async forget(): Promise<void> {
    this.machine = this.#newMachine();
    await this.machine.open();
  }

  /** Closes and opens the store. Returns the index that the state has reached by itself. */
  async restart(options: { flush: boolean }): Promise<number> {
    if (options.flush) await this.#store.write([]);
    await this.#store.close();
    this.#store = await LogStore.open(this.directory);
    await this.#store.open();
    this.machine = this.#newMachine();
    return this.machine.open();
  }

  /** Applies what the state lacks of the log, as a host does after a restart. */
  async replay(from: number): Promise<void> {
    const entries = this.log
      .slice(from)
      .map((data, at) => ({ index: logIndex(from + at + 1), term: term(1), data }));
    await this.machine.apply(entries);
  }

  async close(): Promise<void> {
    await this.#store.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #newMachine(): GroupMachine {
    const space = this.#store.keySpace(groupId(this.group));
    return new GroupMachine(space, new ContextCache(this.cacheBytes), (write) => {
      if (write === null) this.replaced += 1;
      else this.changes.push(write);
    });
  }
}

export const text = (content: string, extra: Partial<MessageInput> = {}): MessageInput => ({
  role: 'user',
  parts: [{ type: 'text', text: content }],
  ...extra,
});

export function putCommandOf(id: string, settings: Partial<Extract<Command, { type: 'put' }>> = {}): Command {
  return {
    type: 'put',
    id: contextId(id),
    at: 1_000_000,
    tokenBudget: { given: true, value: 8000 },
    triggerRatio: { given: true, value: 0.7 },
    policy: { given: true, value: '{"strategy":"last_n","config":{"limit":200}}' },
    metadata: { given: true, value: '{}' },
    activate: false,
    ...settings,
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
