import { setTimeout as delay } from 'node:timers/promises';

import type { GroupId, NodeId } from '@fastpaca/raft-core';

import type { ContextId } from '../context/context-id.js';
import type { GroupMachine } from '../state/group-machine.js';
import { StoreError } from '../store-error.js';
import type { HopKind, StoreObserver } from '../store-events.js';
import { askForAnswer } from './answers.js';
import type { Hops } from './hops.js';
import { pack } from './packing.js';
import type { ReadKind } from './read-kinds.js';
import { afterFailure, afterReadWait, newRead, nextRead, shareOf, type ReadTarget } from './read-policy.js';
import type { LocalReplicas, Routes } from './routes.js';

/** How a try on one replica ended: with what was read, or without, for a reason that another may not have. */
export type ReadTry<Result> =
  { readonly kind: 'read'; readonly result: Result } | { readonly kind: 'failed'; readonly reason: string };

/** Carries out a read of one context on this node's replica, or on another node's, up to a deadline. */
export class ReadRouter {
  readonly #routes: Routes;
  readonly #hops: Hops;
  readonly #observer: StoreObserver;

  constructor(routes: Routes, hops: Hops, observer: StoreObserver) {
    this.#routes = routes;
    this.#hops = hops;
    this.#observer = observer;
  }

  /**
   * Reads what everything that was acknowledged before the call has left, on whichever replica.
   * @throws StoreError `unavailable`, and what the read throws
   */
  async read<Args extends object, Result>(
    kind: ReadKind<Args, Result>,
    id: ContextId,
    args: Args,
    deadlineMs: number,
  ): Promise<Result> {
    const end = performance.now() + deadlineMs;
    const group = this.#routes.groupOf(id);
    const machine = this.#routes.local.machine(group);
    const ms = shareOf(deadlineMs, this.#routes.hasOthers(group));
    const first = machine === null ? gone : await this.#readHere(group, machine, kind, id, args, ms);
    if (first.kind === 'read') return first.result;
    if (over.has(first.reason) && !this.#routes.hasOthers(group)) throw unavailable(first.reason);
    let payload: Uint8Array | null = null;
    return this.goOn(group, end, first.reason, (target, tryMs) => {
      if (target !== 'here') {
        // Encoded once, however many nodes are asked.
        payload ??= pack({ read: kind.name, id, args: withoutUndefined(args) });
        return this.ask('read', target, payload, tryMs, (value) => kind.fromWire.parse(value));
      }
      const current = this.#routes.local.machine(group);
      return current === null ? Promise.resolve(gone) : this.#readHere(group, current, kind, id, args, tryMs);
    });
  }

  /** Tries replica after replica until one answers or the time is up. This node's was tried just now. */
  async goOn<Result>(
    group: GroupId,
    end: number,
    firstReason: string,
    tryAt: (target: ReadTarget, ms: number) => Promise<ReadTry<Result>>,
  ): Promise<Result> {
    let state = afterFailure(newRead, 'here');
    let reason = firstReason;
    for (;;) {
      const here: readonly ReadTarget[] = this.#routes.local.machine(group) === null ? [] : ['here'];
      const step = nextRead(state, [...here, ...this.#routes.others(group)], end - performance.now());
      switch (step.kind) {
        case 'fail':
          throw unavailable(reason);
        case 'wait':
          await delay(step.ms);
          state = afterReadWait(state);
          break;
        case 'try': {
          this.#observer.onRetry?.({ kind: 'read', reason });
          const tried = await tryAt(step.target, step.ms);
          if (tried.kind === 'read') return tried.result;
          reason = tried.reason;
          state = afterFailure(state, step.target);
          break;
        }
      }
    }
  }

  /** @throws StoreError that another replica would throw as well */
  async ask<Result>(
    kind: HopKind,
    node: NodeId,
    payload: Uint8Array,
    ms: number,
    parse: (value: unknown) => Result,
  ): Promise<ReadTry<Result>> {
    const answer = await askForAnswer(this.#hops, kind, node, payload, ms);
    switch (answer.kind) {
      case 'value':
        try {
          return { kind: 'read', result: parse(answer.value) };
        } catch (error) {
          this.#observer.onFault?.(error);
          return { kind: 'failed', reason: 'unreadable' };
        }
      case 'error':
        if (isPassing(answer.error)) return { kind: 'failed', reason: answer.error.code };
        throw answer.error;
      case 'fault':
        this.#observer.onFault?.(answer.error);
        return { kind: 'failed', reason: 'fault' };
      case 'failed':
        return { kind: 'failed', reason: answer.error.code };
    }
  }

  async #readHere<Args extends object, Result>(
    group: GroupId,
    machine: GroupMachine,
    kind: ReadKind<Args, Result>,
    id: ContextId,
    args: Args,
    ms: number,
  ): Promise<ReadTry<Result>> {
    const { local } = this.#routes;
    if (kind.isReached?.(machine, id, args) !== true) {
      const outcome = await local.readIndex(group, ms);
      if (outcome.kind !== 'ready') return { kind: 'failed', reason: outcome.reason };
    }
    return readOn(local, group, machine, () => kind.run({ machine, archive: local.archive }, id, args));
  }
}

/**
 * Runs a read on a replica. What it read or missed counts for nothing where the replica was taken away from
 * this node meanwhile: its state was being removed.
 */
export async function readOn<Result>(
  local: LocalReplicas,
  group: GroupId,
  machine: GroupMachine,
  run: () => Result | Promise<Result>,
): Promise<ReadTry<Result>> {
  try {
    const result = await run();
    return local.machine(group) === machine ? { kind: 'read', result } : gone;
  } catch (error) {
    if (local.machine(group) === machine) throw error;
    return gone;
  }
}

const gone = { kind: 'failed', reason: 'no_group' } as const;

export const unavailable = (reason: string): StoreError =>
  new StoreError('unavailable', `The context cannot be read now (${reason}). Retry.`);

/** This node will not answer again: there is no point in waiting for it. */
const over: ReadonlySet<string> = new Set(['closing', 'storage_failed']);

/** Whether another replica may do better. */
const isPassing = ({ code }: StoreError): boolean => code === 'unavailable' || code === 'overloaded';

const withoutUndefined = (args: object): object =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
