import { importBackup, type ImportOptions } from './backup/import-backup.js';
import type { ImportReport } from './backup/import-report.js';
import type { BackupSource } from './backup/backup-source.js';
import { routedSource } from './backup/routed-source.js';
import { writeBackup, type BackupOptions } from './backup/write-backup.js';
import type { StoreArchive } from './archive/archive.js';
import { integer } from './checks.js';
import type { ClusterControl } from './cluster/cluster-control.js';
import { appendCommand, compactCommand, patchCommand, putCommand } from './command/build-command.js';
import type { Command } from './command/command.js';
import { contextId, type ContextId } from './context/context-id.js';
import type { ContextSettings } from './context/context-settings.js';
import type { ContextView, JsonObject } from './context/context-view.js';
import { toView } from './context/to-view.js';
import type { ContextPage, ListOptions } from './list/list-options.js';
import { checkKey, checkMessages } from './message/check-message.js';
import type { MessageInput } from './message/message-input.js';
import { notCountedInTime, prepareMessages, type PreparedMessage } from './message/prepare-messages.js';
import type {
  MessagePage,
  PageOptions,
  RangeOptions,
  ReadOptions,
  TailOptions,
} from './paging/page-options.js';
import { exportLines } from './paging/export-lines.js';
import type { PeerNetwork } from './peer/peer-network.js';
import { refusalError } from './refusal-error.js';
import type { Readiness, ReplicaStatus } from './replica/replica-status.js';
import { getRead, messagesRead, tailRead, windowRead } from './routing/read-kinds.js';
import type { CommandResult } from './state/change.js';
import type { Router } from './routing/router.js';
import { defaultDeadlineMs, type ContextStoreOptions } from './store-options.js';
import { closeParts, openParts, type StoreParts } from './store-parts.js';
import type { ChangesOptions, ChangesPage, StreamOptions, StreamPosition } from './stream/stream-change.js';
import { inSpan } from './tracing/in-span.js';
import type { WindowOptions } from './window/read-window.js';
import type { WindowView } from './window/window-view.js';
import { withinDeadline } from './within-deadline.js';

type Counted = readonly PreparedMessage[];

interface Prepared {
  readonly prepared: Counted;
  readonly deadlineMs: number;
}

export interface WriteOptions {
  /**
   * Milliseconds from the call on, counting tokens included, until it gives up: with `outcome_unknown`, or with
   * `unavailable` where it has not come to write. Default: the store's.
   */
  readonly deadlineMs?: number;
}

export interface AppendOptions extends WriteOptions {
  /** The append happens only if the context has this version. */
  readonly ifVersion?: number;
  /** 1 to 256 characters. The same key with the same messages returns the first answer. */
  readonly idempotencyKey?: string;
}

export interface AppendResult {
  /**
   * The version after the append and after the automatic compaction that it may have caused, so
   * that it is the `ifVersion` of the next append.
   */
  readonly version: number;
  /** One for each message. One that an earlier call appended has the seq that it got then. */
  readonly results: readonly { readonly seq: number; readonly tokenEstimate: number }[];
  /** True where the whole call was a retry: nothing was written, this is the first answer. */
  readonly deduped: boolean;
}

export interface CompactOptions extends WriteOptions {
  readonly ifVersion?: number;
  /**
   * The replacement stands for the messages up to here, later ones stay live. Default: it stands
   * for all of them.
   */
  readonly upToSeq?: number;
}

/**
 * Keeps the messages of conversations and hands out the window that goes to the model.
 *
 * Every write is on disk when its promise resolves. Every read sees all writes that were answered
 * before it began. All methods throw `StoreError`; its `code` says what to do.
 *
 * ```ts
 * const estimator = createEstimator('tiktoken:gpt-4o');
 * const store = await ContextStore.open({ directory: './data', nodeName: 'a', estimator, onFatal: exit });
 * await store.put('demo', { tokenBudget: 8000 });
 * await store.append('demo', [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }]);
 * const window = await store.window('demo');
 * await store.close();
 * ```
 */
export class ContextStore {
  readonly #options: ContextStoreOptions;
  readonly #parts: StoreParts;
  readonly #router: Router;
  readonly #now: () => number;

  private constructor(options: ContextStoreOptions, parts: StoreParts) {
    this.#options = options;
    this.#parts = parts;
    this.#router = parts.router;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Opens the directory, or makes it, and waits until every group can serve.
   * @throws LogStorageError where the directory is locked or damaged; OpenError where it was made
   *   for another node or number of groups, or does not say which
   */
  static async open(options: ContextStoreOptions): Promise<ContextStore> {
    return new ContextStore(options, await openParts(options));
  }

  /**
   * Creates a context, or changes the settings that are given.
   * @throws StoreError `context_tombstoned` unless `status` is `'active'`; `invalid_settings`,
   *   `invalid_metadata`
   */
  async put(
    id: string,
    settings: ContextSettings,
    options: WriteOptions = {},
  ): Promise<{ readonly created: boolean; readonly context: ContextView }> {
    const name = contextId(id);
    const result = await this.#write(putCommand(name, this.#now(), settings), options);
    if (result.kind !== 'stored') throw unexpected(result);
    return { created: result.created, context: toView(name, result.context) };
  }

  /** @throws StoreError `context_not_found` */
  async get(id: string, options: ReadOptions = {}): Promise<ContextView> {
    const name = contextId(id);
    return toView(name, await this.#router.reads.read(getRead, name, {}, this.#deadline(options)));
  }

  /**
   * Merges into the metadata (RFC 7396): a null removes a key.
   * @throws StoreError `context_not_found`, `context_tombstoned`, `invalid_metadata` also where the
   *   result has more than 64 KiB
   */
  async patchMetadata(id: string, patch: JsonObject, options: WriteOptions = {}): Promise<ContextView> {
    const name = contextId(id);
    const result = await this.#write(patchCommand(name, this.#now(), patch), options);
    if (result.kind !== 'stored') throw unexpected(result);
    return toView(name, result.context);
  }

  /** Ends a context: it stays readable. Again: nothing happens. @throws StoreError `context_not_found` */
  async tombstone(id: string, options: WriteOptions = {}): Promise<void> {
    await this.#write({ type: 'tombstone', id: contextId(id), at: this.#now() }, options);
  }

  /**
   * Removes a context, its messages and its remembered keys for good. The id is free at once. Its rows go
   * from the archive as soon as that can be reached; a context that gets the id is not archived before.
   * @throws StoreError `context_not_found`
   */
  async erase(id: string, options: WriteOptions = {}): Promise<void> {
    await this.#write({ type: 'erase', id: contextId(id), at: this.#now() }, options);
  }

  /** One page of all contexts, by id. @throws StoreError `invalid_range`, `invalid_cursor` */
  async list(options: ListOptions = {}): Promise<ContextPage> {
    return this.#router.lists.list(options, this.#deadline(options));
  }

  /**
   * Appends 1 to 1,000 messages: all of them or none, as one version.
   *
   * A message whose id was appended before is a retry and is not appended again; its content must
   * be the same. Ids and idempotency keys are remembered for at least the newest 1,000 appends of
   * the context and for 24 hours.
   *
   * @throws StoreError `context_not_found`, `context_tombstoned`, `conflict`,
   *   `idempotency_conflict`, `invalid_message`, `invalid_idempotency_key`, `invalid_version`,
   *   `message_too_large`; `unavailable` and `overloaded`: certainly nothing was written;
   *   `outcome_unknown`
   */
  async append(
    id: string,
    messages: readonly MessageInput[],
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    const name = contextId(id);
    checkMessages(messages, 1);
    if (options.idempotencyKey !== undefined) checkKey(options.idempotencyKey, 'idempotency_key');
    const at = this.#now();
    const { estimator } = this.#options;
    const counting = this.#counted(
      inSpan({ name: 'count tokens' }, () => prepareMessages(messages, estimator, at)),
      options,
    );
    // Each await is a turn of the queue of promises, on a path that every message takes.
    const { prepared, deadlineMs } = counting instanceof Promise ? await counting : counting;
    const command = appendCommand(name, at, messages, prepared, options);
    const result = accepted(command, await this.#router.writes.propose(command, deadlineMs));
    if (result.kind !== 'appended') throw unexpected(result);
    this.#report(name, messages, result);
    return {
      version: result.version,
      results: result.results.map(({ seq, tokens }) => ({ seq, tokenEstimate: tokens })),
      deduped: result.deduped,
    };
  }

  /**
   * Replaces the window by 0 to 1,000 messages, which are not part of the log. The log is untouched.
   * @throws StoreError as `append`; `invalid_window` where no model provider would take the
   *   replacement; `invalid_up_to_seq`
   */
  async compact(
    id: string,
    replacement: readonly MessageInput[],
    options: CompactOptions = {},
  ): Promise<{ readonly version: number }> {
    const name = contextId(id);
    checkMessages(replacement, 0);
    const at = this.#now();
    const counting = prepareMessages(replacement, this.#options.estimator, at);
    const { prepared, deadlineMs } = await this.#counted(counting, options);
    const result = await this.#write(compactCommand(name, at, prepared, options), { deadlineMs });
    if (result.kind !== 'compacted') throw unexpected(result);
    return { version: result.version };
  }

  /**
   * The newest messages, chronological; `offset` skips the newest ones.
   * @throws StoreError `context_not_found`, `invalid_range`, `page_too_large`; `archive_unavailable`,
   *   `archive_incomplete` where the page begins before what is local
   */
  async tail(id: string, options: TailOptions = {}): Promise<readonly Uint8Array[]> {
    const name = contextId(id);
    return this.#router.reads.read(tailRead, name, options, this.#deadline(options));
  }

  /**
   * A page of messages, oldest first.
   * @throws StoreError `context_not_found`, `invalid_range`, `invalid_cursor`; `archive_unavailable`,
   *   `archive_incomplete` where the page begins before what is local
   */
  async messages(id: string, options: PageOptions = {}): Promise<MessagePage> {
    const name = contextId(id);
    return this.#router.reads.read(messagesRead, name, options, this.#deadline(options));
  }

  /**
   * Chunks of NDJSON: whole lines, one message each, in constant memory. Resolves once the range is
   * known to exist; the iteration throws `context_not_found` where the context is erased meanwhile.
   * @throws StoreError `context_not_found`, `invalid_range`
   */
  async export(id: string, options: RangeOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    const name = contextId(id);
    return exportLines(this.#router.reads, name, options, this.#deadline(options));
  }

  /**
   * What goes to the model: never over the budget.
   * @throws StoreError `context_not_found`, `conflict`, `invalid_budget`, `budget_unsatisfiable`
   */
  async window(id: string, options: WindowOptions = {}): Promise<WindowView> {
    const name = contextId(id);
    return this.#router.reads.read(windowRead, name, options, this.#deadline(options));
  }

  /**
   * Begins to read the changes of a context: after `cursor`, or with the next one. The page may hold a
   * `reset`; go on with `changes` at its `next`.
   *
   * ```ts
   * let page = await store.openStream('demo', { cursor: 0 });
   * while (!page.ended) {
   *   page = await store.changes('demo', page.next);
   *   for (const change of page.changes) console.log(change.type, change.version);
   * }
   * ```
   * @throws StoreError `context_not_found`, `invalid_cursor`, `unavailable`
   */
  async openStream(id: string, options: StreamOptions = {}): Promise<ChangesPage> {
    return this.#router.streams.open(contextId(id), options.cursor, this.#deadline(options));
  }

  /**
   * The changes after a position, at once where there are some, else when the next one comes or after
   * `waitMs`, then empty. Every change comes once and in order, whoever leads and however long ago.
   * One page has about 256 KiB at most, and one message of any size.
   * @throws StoreError `unavailable`; `archive_unavailable`: the position stays good, go on later
   */
  async changes(id: string, position: StreamPosition, options: ChangesOptions = {}): Promise<ChangesPage> {
    return this.#router.streams.changes(contextId(id), position, options, this.#deadline(options));
  }

  /**
   * A copy of contexts as NDJSON, in constant memory, while the store goes on serving: each context as it
   * was at one moment after the call. Resolves once the contexts that `ids` names are known to be there.
   * The format is described in docs/operations/backup.md.
   * @throws StoreError `context_not_found`, `invalid_context_id`
   */
  async backup(options: BackupOptions = {}): Promise<AsyncIterable<Uint8Array>> {
    return writeBackup(this.#backupSource(), options, this.#now());
  }

  /**
   * Brings back what `backup` wrote, in any store: ids, seqs, versions, times, token counts, windows and
   * remembered keys are those of the backup. A context becomes visible once it is complete. Those that
   * are there already and the same are skipped, so that a call which failed is simply made again.
   *
   * @throws StoreError `invalid_backup` where it is cut off or altered; contexts before the fault stay
   */
  async import(backup: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Promise<ImportReport> {
    const target = {
      source: this.#backupSource(),
      propose: (command: Command) => this.#router.writes.propose(command, this.#deadline({})),
      now: this.#now,
    };
    return importBackup(target, backup, options);
  }

  /** Whether the node is part of a cluster, every group here has a leader, and the disk works. */
  ready(): Readiness {
    const inCluster = this.#parts.cluster.readiness();
    return inCluster.ready ? this.#parts.replica.ready() : inCluster;
  }

  /** The cluster that this node is part of; one node is a cluster of one. */
  get cluster(): ClusterControl {
    return this.#parts.cluster;
  }

  /** The links to other nodes, or null where the node has none. */
  get network(): PeerNetwork | null {
    return this.#parts.network;
  }

  /**
   * Gives the leaderships of this node to others, so that nothing waits for an election when it goes.
   * Call it before `close`. Resolves once no group is left that another node could lead, or at the
   * deadline, with the number of groups that are still led here. Default 5,000 milliseconds.
   */
  async handOver(options: { readonly deadlineMs?: number } = {}): Promise<number> {
    return this.#parts.cluster.handOver(options.deadlineMs ?? defaultDeadlineMs);
  }

  /** What is told and asked of the archive, or null where there is none. */
  get archive(): StoreArchive | null {
    return this.#parts.archive;
  }

  /** Numbers for metrics. Costs a walk over the groups. */
  status(): ReplicaStatus {
    return this.#parts.replica.status();
  }

  /** Ends what is under way, each with its outcome, and lets go of the directory. */
  async close(): Promise<void> {
    await closeParts(this.#parts);
  }

  async #write(command: Command, options: WriteOptions): Promise<CommandResult> {
    return accepted(command, await this.#router.writes.propose(command, this.#deadline(options)));
  }

  /** The messages, and what is left of the call's time: all of it where there was little to count. */
  #counted(counting: Counted | Promise<Counted>, options: WriteOptions): Prepared | Promise<Prepared> {
    const deadlineMs = this.#deadline(options);
    if (!(counting instanceof Promise)) return { prepared: counting, deadlineMs };
    const late = () => notCountedInTime(deadlineMs);
    return withinDeadline(counting, deadlineMs, late).then(({ value, leftMs }) => {
      return { prepared: value, deadlineMs: leftMs };
    });
  }

  #backupSource(): BackupSource {
    return routedSource(this.#router, this.#deadline({}));
  }

  #deadline({ deadlineMs }: WriteOptions): number {
    if (deadlineMs === undefined) return this.#options.deadlineMs ?? defaultDeadlineMs;
    return integer(deadlineMs, 1, 'invalid_range', 'deadline');
  }

  #report(
    id: ContextId,
    messages: readonly MessageInput[],
    { results, firstSeq }: Extract<CommandResult, { kind: 'appended' }>,
  ): void {
    const onAppended = this.#options.observer?.onAppended;
    if (onAppended === undefined || firstSeq === null) return;
    for (const [index, { seq, tokens }] of results.entries()) {
      const message = messages[index];
      if (message === undefined || seq < firstSeq) continue;
      const source = message.tokenCount === undefined ? 'server' : 'client';
      onAppended({ contextId: id, seq, role: message.role, tokens, source });
    }
  }
}

/** The result of a command that changed something, or an error that says why it did not. */
function accepted(command: Command, result: CommandResult): Exclude<CommandResult, { kind: 'refused' }> {
  if (result.kind === 'refused') throw refusalError(command, result.refusal);
  return result;
}

const unexpected = (result: CommandResult): Error =>
  new Error(`A command came to a result of another kind: ${result.kind}.`);
