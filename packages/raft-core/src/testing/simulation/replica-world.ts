import type { GroupOptions } from '../../group/options.js';
import type { GroupId, NodeId } from '../../ids.js';
import type { Message } from '../../message/message.js';
import type { Random } from '../../random.js';
import type { EventQueue } from './event-queue.js';
import type { History } from './history.js';
import type { SimulatedNetwork } from './network.js';
import type { Plan } from './plan.js';
import type { SafetyChecker } from './safety-checker.js';
import type { Trace } from './trace.js';

/** The run that a replica lives in. */
export interface ReplicaWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly plan: Plan;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  readonly history: History;
  readonly checker: SafetyChecker;
  readonly names: readonly NodeId[];
  readonly group: GroupId;
  groupOptions(self: NodeId): GroupOptions;
  replica(node: number): { deliver(message: Message): void };
  /** Others may notice that its connections are gone. */
  died(node: number): void;
}
