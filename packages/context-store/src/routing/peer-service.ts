import type { GroupId, NodeId } from '@fastpaca/raft-core';

import { listGroups } from '../list/list-groups.js';
import { PeerError } from '../peer/peer-error.js';
import type { PeerHandler, PeerNetwork } from '../peer/peer-network.js';
import { ownBytes } from '../peer/wire/own-bytes.js';
import type { GroupMachine } from '../state/group-machine.js';
import { StoreError } from '../store-error.js';
import type { HopKind, StoreObserver } from '../store-events.js';
import { encodePage } from '../stream/changes-codec.js';
import type { ContextStreams } from '../stream/context-streams.js';
import { continueTrace, inSpan } from '../tracing/in-span.js';
import { encodeError, encodeValue } from './answer.js';
import { AnswerParts } from './answer-parts.js';
import { decodeChangesRequest } from './changes-request.js';
import { isUnhandled, type Hops } from './hops.js';
import { decodeGroup, encodeLeader } from './leader-codec.js';
import type { Leadership } from './leaderships.js';
import { decodeListRequest, listedToWire } from './list-codec.js';
import { unpack } from './packing.js';
import {
  decodeOutcome,
  decodeProposal,
  encodeOutcome,
  encodeProposal,
  type Proposal,
  type ProposalOutcome,
} from './proposal-codec.js';
import { readRequestSchema, receivedRead } from './read-kinds.js';
import { readOn, unavailable } from './read-router.js';
import type { Routes } from './routes.js';

/** Answers what other nodes ask of this one, from its own replicas only: nothing is asked on, but once. */
export class PeerService {
  readonly #routes: Routes;
  readonly #hops: Hops;
  readonly #streams: ContextStreams;
  readonly #observer: StoreObserver;
  readonly #parts = new AnswerParts();

  constructor(routes: Routes, hops: Hops, streams: ContextStreams, observer: StoreObserver) {
    this.#routes = routes;
    this.#hops = hops;
    this.#streams = streams;
    this.#observer = observer;
  }

  /** From now on other nodes are answered. */
  listen(peers: PeerNetwork): void {
    const handle = (kind: HopKind, handler: PeerHandler): void => {
      peers.handle(kind, handler);
    };
    handle('propose', (payload, _from, deadlineMs) => this.#propose(payload, deadlineMs));
    handle('leader', async (payload) => encodeLeader(this.#leaderOf(decodeGroup(payload))));
    handle('read', (payload, from, ms) => this.#answer(from, () => this.#read(payload, ms)));
    handle('changes', (payload, from, ms) => this.#answer(from, () => this.#changes(payload, ms)));
    handle('list', (payload, from, ms) => this.#answer(from, () => this.#list(payload, ms)));
    handle('part', async (payload, from) => this.#parts.part(payload, from));
  }

  close(): void {
    this.#parts.close();
  }

  /** Throws only before it proposes: who asked may take that for "not appended". */
  async #propose(payload: Uint8Array, deadlineMs: number): Promise<Uint8Array> {
    const proposal = decodeProposal(payload);
    const { local } = this.#routes;
    const run = (): Promise<ProposalOutcome> =>
      proposal.leader === local.self
        ? this.#proposeHere(proposal, deadlineMs)
        : this.#relay(proposal, deadlineMs);
    const hop = { name: 'peer propose', kind: 'server' } as const;
    const outcome = await continueTrace(proposal.traceparent, async () => inSpan(hop, run));
    return encodeOutcome(outcome);
  }

  async #proposeHere({ group, term, command }: Proposal, deadlineMs: number): Promise<ProposalOutcome> {
    const { local } = this.#routes;
    const status = local.groupStatus(group);
    if (status === null) return this.#rejected(group, 'no_group');
    // Between this look and the proposal nothing else runs: it goes into the log of this term or nowhere.
    if (status.role !== 'leader' || status.term !== term) return this.#rejected(group, 'not_leader');
    const outcome = await local.proposeTo(group, ownBytes(command), deadlineMs);
    return outcome.kind === 'rejected' ? this.#rejected(group, outcome.reason) : outcome;
  }

  /** For a node that has no link to the leader. The leader gets it as it is, but does not pass it on. */
  async #relay(proposal: Proposal, deadlineMs: number): Promise<ProposalOutcome> {
    const { group, leader, relay } = proposal;
    if (!relay) return this.#rejected(group, 'not_leader');
    const payload = (traceparent: string): Uint8Array =>
      encodeProposal({ ...proposal, relay: false, traceparent });
    const answer = await this.#hops.request('propose', leader, payload, deadlineMs);
    if (!(answer instanceof PeerError)) return decodeOutcome(answer);
    return isUnhandled(answer)
      ? this.#rejected(group, 'not_leader')
      : { kind: 'unknown', reason: answer.code };
  }

  #rejected(
    group: GroupId,
    reason: Extract<ProposalOutcome, { kind: 'rejected' }>['reason'],
  ): ProposalOutcome {
    return { kind: 'rejected', reason, leader: this.#leaderOf(group) };
  }

  #leaderOf(group: GroupId): Leadership | null {
    const status = this.#routes.local.groupStatus(group);
    if (status === null) return this.#routes.leaderships.of(group);
    return status.leader === null ? null : { node: status.leader, term: status.term };
  }

  /** The value as an answer, or the error as one. */
  async #answer(from: NodeId, read: () => Promise<unknown>): Promise<Uint8Array> {
    try {
      return this.#parts.first(encodeValue(await read()), from);
    } catch (error) {
      if (!(error instanceof StoreError)) this.#observer.onFault?.(error);
      return encodeError(error);
    }
  }

  async #read(payload: Uint8Array, deadlineMs: number): Promise<unknown> {
    const { local } = this.#routes;
    const { read: name, id, args } = readRequestSchema.parse(unpack(payload));
    const read = receivedRead(name, id, args);
    const group = this.#routes.groupOf(id);
    const machine = this.#machine(group);
    if (!read.isReached(machine)) {
      const outcome = await local.readIndex(group, deadlineMs);
      if (outcome.kind !== 'ready') throw unavailable(outcome.reason);
    }
    const tried = await readOn(local, group, machine, () => read.run({ machine, archive: local.archive }));
    if (tried.kind === 'failed') throw unavailable(tried.reason);
    return tried.result;
  }

  async #changes(payload: Uint8Array, deadlineMs: number): Promise<unknown> {
    const { id, position, ...options } = decodeChangesRequest(payload);
    const tried = await this.#streams.changesHere(id, position, options, deadlineMs);
    if (tried.kind === 'failed') throw unavailable(tried.reason);
    return encodePage(tried.result);
  }

  async #list(payload: Uint8Array, deadlineMs: number): Promise<unknown> {
    const { groups, options } = decodeListRequest(payload);
    return listedToWire(await listGroups(this.#routes.local, groups, options, deadlineMs));
  }

  #machine(group: GroupId): GroupMachine {
    const machine = this.#routes.local.machine(group);
    if (machine === null) throw unavailable('no_group');
    return machine;
  }
}
