import { term, type GroupId, type NodeId, type ProposeOutcome } from '@fastpaca/raft-core';

import { encodeCommand } from '../command/command-codec.js';
import type { Command } from '../command/command.js';
import { PeerError } from '../peer/peer-error.js';
import type { CommandResult } from '../state/change.js';
import type { StoreObserver } from '../store-events.js';
import { isUnhandled, type Hops, type Payload } from './hops.js';
import { decodeLeader, encodeGroup } from './leader-codec.js';
import type { Leadership } from './leaderships.js';
import { rejectionError, unknownOutcome } from './write-errors.js';
import { decodeOutcome, encodeProposal, type ProposalOutcome } from './proposal-codec.js';
import { repetitionOf, resultInDoubt, type Repetition } from './repetition.js';
import type { Routes } from './routes.js';
import {
  afterTry,
  afterWait,
  isSuperseded,
  newWrite,
  nextStep,
  type TryEnd,
  type WriteState,
} from './write-policy.js';

/** A node that still leads, or has just handed over, answers within this time after another is known. */
const graceMs = 250;
/** A node without a replica hears of a new leader only by asking: it does not wait longer for an answer. */
const blindTryMs = 1_500;
const askMs = 500;

type Tried = { readonly kind: 'committed'; readonly result: CommandResult } | TryEnd;

/** A write under way. */
interface Write {
  readonly command: Command;
  readonly group: GroupId;
  readonly data: Uint8Array;
  readonly repetition: Repetition;
  /** When the call ends, on the monotonic clock. */
  readonly end: number;
}

/**
 * Takes a command to the leader of its group, on this node or another, and brings back what it came to.
 * What to do after a try that led nowhere is `write-policy.ts`.
 */
export class WriteRouter {
  readonly #routes: Routes;
  readonly #hops: Hops;
  readonly #onRetry: StoreObserver['onRetry'];
  readonly #asking = new Set<GroupId>();

  constructor(routes: Routes, hops: Hops, { onRetry }: StoreObserver) {
    this.#routes = routes;
    this.#hops = hops;
    this.#onRetry = onRetry;
  }

  /**
   * Replicates a command and returns what it came to.
   * @throws StoreError `unavailable`, `overloaded`, `message_too_large`: certainly nothing happened;
   *   `outcome_unknown`
   */
  async propose(command: Command, deadlineMs: number): Promise<CommandResult> {
    const { leaderships, local } = this.#routes;
    const end = performance.now() + deadlineMs;
    const group = this.#routes.groupOf(command.id);
    const data = encodeCommand(command);
    const known = leaderships.of(group);
    if (known?.node !== local.self) {
      const repetition = repetitionOf(command);
      const write = { command, group, data, repetition, end };
      return this.#goOn(write, newWrite(repetition));
    }
    // The shortest way, by far the most frequent one where there is one node.
    const outcome = await local.proposeTo(group, data, deadlineMs);
    if (outcome.kind === 'committed') return outcome.result;
    const repetition = repetitionOf(command);
    const tried = this.#endHere(group, known, outcome);
    return this.#goOn(
      { command, group, data, repetition, end },
      this.#note(newWrite(repetition), known, tried),
    );
  }

  async #goOn(write: Write, initial: WriteState): Promise<CommandResult> {
    const { leaderships } = this.#routes;
    let state = initial;
    for (;;) {
      const remainingMs = write.end - performance.now();
      const step = nextStep(state, leaderships.of(write.group), remainingMs);
      switch (step.kind) {
        case 'fail':
          throw step.failure === 'outcome_unknown'
            ? unknownOutcome(step.reason)
            : rejectionError(step.failure, step.reason);
        case 'wait':
          await this.#awaitLeader(write.group, step.ms, state.waited);
          state = afterWait(state);
          break;
        case 'try': {
          const tried = await this.#tryAt(write, step.at, remainingMs);
          if (tried.kind === 'committed') return this.#resultOf(write.command, state, tried.result);
          state = this.#note(state, step.at, tried);
          break;
        }
      }
    }
  }

  #resultOf(command: Command, { doubt }: WriteState, result: CommandResult): CommandResult {
    if (doubt === null) return result;
    const known = resultInDoubt(command, result);
    if (known === null) throw unknownOutcome(doubt.reason);
    return known;
  }

  #note(state: WriteState, at: Leadership, end: TryEnd): WriteState {
    this.#onRetry?.({ kind: 'write', reason: end.reason });
    return afterTry(state, at, end);
  }

  async #tryAt(write: Write, at: Leadership, remainingMs: number): Promise<Tried> {
    const { local } = this.#routes;
    if (at.node !== local.self) return this.#tryThere(write, at, remainingMs);
    const outcome = await local.proposeTo(write.group, write.data, remainingMs);
    return outcome.kind === 'committed' ? outcome : this.#endHere(write.group, at, outcome);
  }

  #endHere(
    group: GroupId,
    at: Leadership,
    outcome: Exclude<ProposeOutcome<CommandResult>, { kind: 'committed' }>,
  ): TryEnd {
    const { leaderships, local } = this.#routes;
    const status = local.groupStatus(group);
    if (outcome.kind === 'unknown') {
      // It may have been led here again since `at`: then the entry is of that later term.
      return { ...outcome, term: term(Math.max(at.term, status?.term ?? 0)) };
    }
    const leader = status?.leader ?? null;
    if (status !== null && leader !== null) leaderships.learn(group, { node: leader, term: status.term });
    return { kind: 'rejected', reason: outcome.reason, here: leader === null || leader === local.self };
  }

  /** To the leader itself, or over a node that may reach it where this one does not. */
  async #tryThere(write: Write, at: Leadership, remainingMs: number): Promise<Tried> {
    const { group, data: command } = write;
    const direct = this.#routes.isConnected(at.node);
    const to = direct ? at.node : this.#routes.others(group)[0];
    if (to === undefined) return { kind: 'undelivered', reason: 'peer_unreachable' };
    const proposal = { group, leader: at.node, term: at.term, relay: !direct, command };
    const payload = (traceparent: string): Uint8Array => encodeProposal({ ...proposal, traceparent });
    const answer = await this.#ask(write, at, to, payload, remainingMs);
    if (answer === 'superseded') return { kind: 'unknown', reason: answer, term: at.term };
    if (answer instanceof PeerError) {
      const { code: reason } = answer;
      return isUnhandled(answer)
        ? { kind: 'undelivered', reason }
        : { kind: 'unknown', reason, term: at.term };
    }
    return this.#endThere(group, at, decodeOutcome(answer));
  }

  #endThere(group: GroupId, at: Leadership, outcome: ProposalOutcome): Tried {
    switch (outcome.kind) {
      case 'committed':
        return outcome;
      case 'rejected':
        if (outcome.leader !== null) this.#routes.leaderships.learn(group, outcome.leader);
        return { kind: 'rejected', reason: outcome.reason, here: false };
      case 'unknown':
        return { kind: 'unknown', reason: outcome.reason, term: at.term };
    }
  }

  /** The answer, or `superseded` where another node leads by now and the first one stays silent. */
  async #ask(
    { group, repetition }: Write,
    at: Leadership,
    to: NodeId,
    payload: Payload,
    remainingMs: number,
  ): Promise<Uint8Array | PeerError | 'superseded'> {
    const blind = repetition !== 'duplicating' && this.#routes.local.machine(group) === null;
    const answer = this.#hops.request(
      'propose',
      to,
      payload,
      blind ? Math.min(remainingMs, blindTryMs) : remainingMs,
    );
    if (repetition === 'duplicating') return answer;
    const { leaderships } = this.#routes;
    let timer: NodeJS.Timeout | undefined;
    let stop = (): void => undefined;
    const superseded = new Promise<'superseded'>((resolve) => {
      const look = (): void => {
        if (timer !== undefined || !isSuperseded(repetition, at, leaderships.of(group))) return;
        timer = setTimeout(resolve, graceMs, 'superseded');
      };
      stop = leaderships.onChange(group, look);
      look();
    });
    try {
      return await Promise.race([answer, superseded]);
    } finally {
      stop();
      clearTimeout(timer);
    }
  }

  /**
   * Until another leader is known, at most `ms`. A replica here tells, unless it has no link to the leader or
   * there is none: then others are asked.
   */
  #awaitLeader(group: GroupId, ms: number, longer: boolean): Promise<void> {
    const { leaderships, local } = this.#routes;
    if (longer || local.machine(group) === null) void this.#askWhoLeads(group);
    return leaderships.changed(group, ms);
  }

  /** One question at a time, however many writes wait. */
  async #askWhoLeads(group: GroupId): Promise<void> {
    const [node] = this.#routes.others(group);
    if (node === undefined || this.#asking.has(group)) return;
    this.#asking.add(group);
    const answer = await this.#hops.request('leader', node, encodeGroup(group), askMs);
    this.#asking.delete(group);
    const leader = answer instanceof PeerError ? null : decodeLeader(answer);
    if (leader !== null) this.#routes.leaderships.learn(group, leader);
  }
}
