import { integer } from '../checks.js';
import type { ContextId } from '../context/context-id.js';
import { findContext } from '../context/find-context.js';
import type { Replica } from '../replica/replica.js';
import type { GroupMachine } from '../state/group-machine.js';
import type { ChangeWaiters } from './change-waiters.js';
import { hasNews, isBehind } from './news.js';
import { openPage } from './open-page.js';
import { readChanges } from './read-changes.js';
import type { ChangesOptions, ChangesPage, StreamPosition } from './stream-change.js';

const defaultWaitMs = 20_000;

/**
 * Streams as a pull: whoever reads holds a position and asks for what comes after it. There is no
 * queue per reader, so a slow one costs nothing, and no seam between replay and live.
 */
export class ContextStreams {
  readonly #replica: Pick<Replica, 'machineOf' | 'readPoint'>;
  readonly #waiters: ChangeWaiters;

  constructor(replica: Pick<Replica, 'machineOf' | 'readPoint'>, waiters: ChangeWaiters) {
    this.#replica = replica;
    this.#waiters = waiters;
  }

  /** @throws StoreError `context_not_found`, `invalid_cursor`, `unavailable` */
  async open(id: ContextId, cursor: number | undefined, deadlineMs: number): Promise<ChangesPage> {
    if (cursor !== undefined) integer(cursor, 0, 'invalid_cursor', 'cursor');
    const machine = await this.#replica.readPoint(id, deadlineMs);
    return openPage(machine, findContext(machine, id).context, cursor);
  }

  /** @throws StoreError `unavailable` */
  async changes(
    id: ContextId,
    position: StreamPosition,
    options: ChangesOptions,
    deadlineMs: number,
  ): Promise<ChangesPage> {
    let machine: GroupMachine = this.#replica.machineOf(id);
    if (!hasNews(machine, id, position)) {
      await this.#waiters.wait(id, options.waitMs ?? defaultWaitMs);
      if (!hasNews(machine, id, position)) return { changes: [], next: position, ended: false };
    }
    // A replica that lags must not pass for a context that was erased or is shorter than the cursor.
    if (isBehind(machine, id, position)) machine = await this.#replica.readPoint(id, deadlineMs);
    return readChanges(machine, id, position, options.bodies ?? true);
  }
}
