import { RaftError } from '../errors.js';
import type { NodeId } from '../ids.js';
import type { SnapshotCommand } from '../group/ready.js';
import type { SnapshotPosition } from '../message/message.js';
import type { HostLimits } from './options.js';
import type { SnapshotSource } from '../state-machine/state-machine.js';
import type { Clock } from './clock.js';
import type { Runtime } from './runtime.js';
import { SnapshotFeed } from './snapshot-feed.js';
import { SnapshotReader } from './snapshot-source.js';

export interface SnapshotContext<Result> {
  readonly clock: Clock;
  readonly limits: HostLimits;
  touch(runtime: Runtime<Result>): void;
  fatal(error: RaftError): void;
  /** The state machine was replaced: what waited for entries it now covers cannot be told apart. */
  restored(runtime: Runtime<Result>): void;
}

/** Streams copies of state machines out, and into state machines. */
export class SnapshotDriver<Result> {
  readonly #context: SnapshotContext<Result>;
  #sources = 0;

  constructor(context: SnapshotContext<Result>) {
    this.#context = context;
  }

  run(runtime: Runtime<Result>, command: SnapshotCommand): void {
    switch (command.kind) {
      case 'send':
        void this.#send(runtime, command.to, command.id, command.offset);
        return;
      case 'stop_sending':
        if (runtime.readers.get(command.to)?.id === command.id) this.stopSending(runtime, command.to);
        return;
      case 'restore':
        this.#restore(runtime, command.key, command.position);
        return;
      case 'feed':
        this.#feed(runtime, command.key, command.data, command.done);
        return;
    }
  }

  stopSending(runtime: Runtime<Result>, to: NodeId): void {
    const reader = runtime.readers.get(to);
    if (reader === undefined) return;
    runtime.readers.delete(to);
    this.#sources -= 1;
    reader.release().catch((error: unknown) => {
      this.#fail(runtime, 'release its copy', error);
    });
  }

  async #send(runtime: Runtime<Result>, to: NodeId, id: number, offset: number): Promise<void> {
    try {
      const reader = await this.#reader(runtime, to, id, offset);
      const chunk = reader === null ? null : await reader.read(offset);
      runtime.group.snapshotChunk(this.#context.clock.now(), to, id, chunk);
      if (chunk === null && runtime.readers.get(to)?.id === id) this.stopSending(runtime, to);
    } catch (error) {
      this.#fail(runtime, 'give a snapshot', error);
      return;
    }
    this.#context.touch(runtime);
  }

  async #reader(
    runtime: Runtime<Result>,
    to: NodeId,
    id: number,
    offset: number,
  ): Promise<SnapshotReader | null> {
    const known = runtime.readers.get(to);
    if (known?.id === id) return known;
    if (known !== undefined) this.stopSending(runtime, to);
    if (offset !== 0 || this.#sources >= this.#context.limits.maxSnapshotSources) return null;
    this.#sources += 1;
    const source = await this.#copy(runtime);
    const reader = new SnapshotReader(to, id, source, this.#context.limits.maxChunkBytes);
    const other = runtime.readers.get(to);
    if (runtime.destroyed || (other !== undefined && other.id > id)) {
      // The group has gone, or a newer transfer has begun, while this one opened its copy.
      this.#sources -= 1;
      await reader.release();
      return null;
    }
    if (other !== undefined) this.stopSending(runtime, to);
    runtime.readers.set(to, reader);
    return reader;
  }

  /** Between two applies. */
  async #copy(runtime: Runtime<Result>): Promise<SnapshotSource> {
    while (runtime.copying !== null) await runtime.copying;
    const copying = runtime.machineIdle.then(() => runtime.machine.snapshot());
    const settled = copying.then(
      () => undefined,
      () => undefined,
    );
    runtime.copying = settled;
    try {
      return await copying;
    } finally {
      if (runtime.copying === settled) runtime.copying = null;
    }
  }

  #restore(runtime: Runtime<Result>, key: string, position: SnapshotPosition): void {
    runtime.feed?.supersede();
    const feed = new SnapshotFeed(key);
    runtime.feed = feed;
    const before = runtime.machineIdle;
    runtime.machineIdle = before.then(async () => {
      if (feed.superseded) return;
      try {
        await runtime.machine.restore(position, feed.chunks());
      } catch (error) {
        if (!feed.superseded) this.#fail(runtime, 'restore a snapshot', error);
        return;
      }
      if (feed.superseded) return;
      if (!feed.finished) {
        this.#fail(runtime, 'read a snapshot to its end', new Error('restore returned early'));
        return;
      }
      runtime.feed = null;
      runtime.group.snapshotRestored(this.#context.clock.now(), key);
      this.#context.restored(runtime);
      this.#context.touch(runtime);
    });
  }

  #feed(runtime: Runtime<Result>, key: string, data: Uint8Array, done: boolean): void {
    if (runtime.feed?.key !== key) return;
    runtime.feed.push(data, done, () => {
      runtime.group.snapshotChunkTaken(key);
      this.#context.touch(runtime);
    });
  }

  #fail(runtime: Runtime<Result>, what: string, error: unknown): void {
    const message = `The state machine of group ${runtime.id} failed to ${what}; the host stops.`;
    this.#context.fatal(new RaftError('state_machine_failed', message, { cause: error }));
  }
}
