import { groupId, type GroupId } from '@fastpaca/raft-core';

import { encodeCommand } from '../command/command-codec.js';
import type { LogCommand } from '../command/command.js';
import type { ContextId } from '../context/context-id.js';
import { groupOf } from '../group/group-of.js';
import type { LocalReplicas } from '../routing/routes.js';
import type { CommandResult } from '../state/change.js';
import type { GroupMachine } from '../state/group-machine.js';

/** A group that this node leads. */
export interface LedGroup {
  readonly group: GroupId;
  readonly machine: GroupMachine;
}

/** The groups of this node, as far as it leads them: they are its to archive. */
export class LedGroups {
  readonly #local: Omit<LocalReplicas, 'archive' | 'readIndex' | 'self'>;

  constructor(local: Omit<LocalReplicas, 'archive' | 'readIndex' | 'self'>) {
    this.#local = local;
  }

  /**
   * Null where this node does not lead the group. A leader that has been replaced may not know it yet:
   * what it reads is committed nevertheless, and what it proposes is not taken.
   */
  find(group: GroupId): GroupMachine | null {
    const status = this.#local.groupStatus(group);
    return status?.role === 'leader' && status.ready ? this.#local.machine(group) : null;
  }

  groupOf(id: ContextId): GroupId {
    return groupId(groupOf(id, this.#local.groups));
  }

  findOf(id: ContextId): LedGroup | null {
    const group = this.groupOf(id);
    const machine = this.find(group);
    return machine === null ? null : { group, machine };
  }

  /** From `from` on, by number. */
  *all(from = 0): Generator<LedGroup, void, undefined> {
    for (let number = from; number < this.#local.groups; number += 1) {
      const group = groupId(number);
      const machine = this.find(group);
      if (machine !== null) yield { group, machine };
    }
  }

  /** Messages that are not archived. */
  pendingRows(): number {
    let rows = 0;
    for (const { machine } of this.all()) rows += machine.totals().pendingRows;
    return rows;
  }

  /** Null where it was not committed, or nobody knows. */
  async propose(group: GroupId, command: LogCommand, deadlineMs: number): Promise<CommandResult | null> {
    const outcome = await this.#local.proposeTo(group, encodeCommand(command), deadlineMs);
    return outcome.kind === 'committed' ? outcome.result : null;
  }
}
