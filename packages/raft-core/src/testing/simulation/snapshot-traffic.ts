import type { Group } from '../../group/group.js';
import type { SnapshotCommand } from '../../group/ready.js';
import type { LogIndex, NodeId } from '../../ids.js';
import type { Applier } from './applier.js';
import { Violation } from './history.js';
import { ListMachine } from './list-machine.js';
import type { Random } from '../../random.js';

/** What snapshots need of the process they live in. */
export interface SnapshotProcess {
  later(run: () => void): void;
  input(run: (group: Group, now: number) => void): void;
  /** From here on the state machine is half replaced, durably; else the one before stays until the end. */
  restoring(): void;
  restored(index: LogIndex): void;
  point(): void;
}

interface Source {
  readonly index: LogIndex;
  readonly bytes: Uint8Array;
}

interface Receiving {
  readonly key: string;
  readonly chunks: Uint8Array[];
  /** What a crash brings back; null where the restore works in place. */
  readonly previous: ListMachine | null;
}

/** Follows a group's snapshot commands: copies that are sent in chunks, and the one that is restored. */
export class SnapshotTraffic {
  readonly #applier: Applier;
  readonly #process: SnapshotProcess;
  readonly #chunkBytes: number;
  readonly #random: Random;
  readonly #sources = new Map<string, Source>();
  #receiving: Receiving | null = null;

  constructor(applier: Applier, chunkBytes: number, random: Random, process: SnapshotProcess) {
    this.#applier = applier;
    this.#random = random;
    this.#chunkBytes = chunkBytes;
    this.#process = process;
  }

  /** How far the state machine is that a crash brings back; null where no restore keeps one. */
  get previousApplied(): LogIndex | null {
    return this.#receiving?.previous?.applied ?? null;
  }

  /** The process dies. */
  crash(): void {
    this.#sources.clear();
    const previous = this.#receiving?.previous ?? null;
    if (previous !== null) this.#applier.bringBack(previous);
    this.#receiving = null;
  }

  follow(command: SnapshotCommand): void {
    switch (command.kind) {
      case 'send':
        this.#process.later(() => this.#send(command.to, command.id, command.offset));
        return;
      case 'stop_sending':
        this.#sources.delete(`${command.to}/${command.id}`);
        return;
      case 'restore':
        this.#restore(command.key);
        return;
      case 'feed':
        this.#process.later(() => this.#take(command.key, command.data, command.done));
    }
  }

  #send(to: NodeId, id: number, offset: number): void {
    const key = `${to}/${id}`;
    if (offset === 0 && !this.#sources.has(key) && this.#receiving === null) {
      const { machine } = this.#applier;
      this.#sources.set(key, { index: machine.applied, bytes: machine.encode() });
    }
    const source = this.#sources.get(key);
    this.#process.input((group, now) => {
      if (source === undefined) {
        group.snapshotChunk(now, to, id, null);
        return;
      }
      const data = source.bytes.slice(offset, offset + this.#chunkBytes);
      const done = offset + data.length >= source.bytes.length;
      group.snapshotChunk(now, to, id, { index: source.index, offset, data, done });
    });
  }

  /** One that is superseded may have left the state machine half replaced already. */
  #restore(key: string): void {
    const before = this.#receiving === null ? this.#applier.machine : this.#receiving.previous;
    const previous = this.#random() < 0.5 ? before : null;
    this.#receiving = { key, chunks: [], previous };
    if (previous === null) this.#process.restoring();
    this.#applier.replace(new ListMachine());
  }

  #take(key: string, data: Uint8Array, done: boolean): void {
    const receiving = this.#receiving;
    if (receiving?.key !== key) return;
    receiving.chunks.push(data);
    if (!done) {
      this.#process.input((group) => {
        group.snapshotChunkTaken(key);
      });
      return;
    }
    const machine = ListMachine.decode(Buffer.concat(receiving.chunks));
    if (machine === null) throw new Violation('snapshot', `the chunks of ${key} are not a whole snapshot`);
    this.#receiving = null;
    this.#applier.replace(machine);
    this.#process.restored(machine.applied);
    this.#process.point();
    this.#process.input((group, now) => {
      group.snapshotRestored(now, key);
    });
  }
}
