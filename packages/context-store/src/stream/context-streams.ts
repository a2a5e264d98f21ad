import { integer } from '../checks.js';
import type { ContextId } from '../context/context-id.js';
import { encodeChangesRequest } from '../routing/changes-request.js';
import { openRead, pageFromWire } from '../routing/read-kinds.js';
import { shareOf } from '../routing/read-policy.js';
import { readOn, type ReadRouter, type ReadTry } from '../routing/read-router.js';
import type { Routes } from '../routing/routes.js';
import { longestTimerMs } from '../within-deadline.js';
import type { ChangeWaiters } from './change-waiters.js';
import { hasNews, isBehind } from './news.js';
import { readChanges } from './read-changes.js';
import type { ChangesOptions, ChangesPage, StreamPosition } from './stream-change.js';

const defaultWaitMs = 20_000;

/**
 * Streams as a pull: whoever reads holds a position and asks for what comes after it. There is no
 * queue per reader, so a slow one costs nothing, and no seam between replay and live. A position is the same
 * on every node: where this one has no replica of a context, or a broken one, another one is asked.
 */
export class ContextStreams {
  readonly #routes: Routes;
  readonly #reads: ReadRouter;
  readonly #waiters: ChangeWaiters;

  constructor(routes: Routes, reads: ReadRouter, waiters: ChangeWaiters) {
    this.#routes = routes;
    this.#reads = reads;
    this.#waiters = waiters;
  }

  /** @throws StoreError `context_not_found`, `invalid_cursor`, `unavailable` */
  async open(id: ContextId, cursor: number | undefined, deadlineMs: number): Promise<ChangesPage> {
    if (cursor === undefined) return this.#reads.read(openRead, id, {}, deadlineMs);
    integer(cursor, 0, 'invalid_cursor', 'cursor');
    return this.#reads.read(openRead, id, { cursor }, deadlineMs);
  }

  /** @throws StoreError `unavailable`, `archive_unavailable` */
  async changes(
    id: ContextId,
    position: StreamPosition,
    options: ChangesOptions,
    deadlineMs: number,
  ): Promise<ChangesPage> {
    const group = this.#routes.groupOf(id);
    const waitMs = Math.min(options.waitMs ?? defaultWaitMs, longestTimerMs);
    const bodies = options.bodies ?? true;
    const waitEnd = performance.now() + waitMs;
    const ms = shareOf(deadlineMs, this.#routes.hasOthers(group));
    const here = await this.changesHere(id, position, { waitMs, bodies }, ms);
    if (here.kind === 'read') return here.result;
    const end = Math.max(waitEnd, performance.now()) + deadlineMs;
    return this.#reads.goOn(group, end, here.reason, (target, tryMs) => {
      const restMs = Math.max(0, waitEnd - performance.now());
      const request = { id, position, bodies, waitMs: restMs };
      if (target === 'here') return this.changesHere(id, position, request, tryMs);
      const payload = encodeChangesRequest(request);
      const ms = restMs + Math.min(tryMs, deadlineMs / 2);
      return this.#reads.ask('changes', target, payload, ms, (value) => pageFromWire.parse(value));
    });
  }

  /** From this node's replica. `waitMs` and then `deadlineMs` is how long it may take. */
  async changesHere(
    id: ContextId,
    position: StreamPosition,
    { waitMs, bodies }: { readonly waitMs: number; readonly bodies: boolean },
    deadlineMs: number,
  ): Promise<ReadTry<ChangesPage>> {
    const { local } = this.#routes;
    const group = this.#routes.groupOf(id);
    const machine = local.machine(group);
    if (machine === null) return { kind: 'failed', reason: 'no_group' };
    // A replica that waits for a snapshot hears nothing of what happens.
    if (local.groupStatus(group)?.health !== 'healthy') return { kind: 'failed', reason: 'damaged' };
    const end = performance.now() + waitMs;
    for (;;) {
      if (hasNews(machine, id, position)) {
        if (!isBehind(machine, id, position)) break;
        // A replica that lags must not pass for a context that was erased or is shorter than the cursor.
        const outcome = await local.readIndex(group, deadlineMs);
        if (outcome.kind !== 'ready') return { kind: 'failed', reason: outcome.reason };
        // It may have come just to where the reader stands: then the news is still to come.
        if (hasNews(machine, id, position)) break;
      }
      const restMs = end - performance.now();
      if (restMs <= 0 || this.#waiters.closed) {
        return { kind: 'read', result: { changes: [], next: position, ended: false } };
      }
      // Woken also by what is no change to a reader, such as new metadata.
      await this.#waiters.wait(id, restMs);
      if (local.machine(group) !== machine) return { kind: 'failed', reason: 'no_group' };
    }
    return readOn(local, group, machine, () =>
      readChanges({ machine, archive: local.archive }, id, position, bodies),
    );
  }
}
