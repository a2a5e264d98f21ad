import { randomUUID } from 'node:crypto';

import { systemClock, type Clock, type GroupId, type NodeId } from '@fastpaca/raft-core';

import type { PeerNetwork } from '../peer/peer-network.js';
import { firstPlacement, planPlacement, type Presence as NodePresence } from '../placement/plan-placement.js';
import { GroupMover } from '../replica/group-mover.js';
import { handOver } from '../replica/hand-over.js';
import { LeaderBalance } from '../replica/leader-balance.js';
import { ReplicaKeeper } from '../replica/replica-keeper.js';
import type { Replica } from '../replica/replica.js';
import type { Readiness } from '../replica/replica-status.js';
import { announce } from './announcement.js';
import { overviewOf, wantedReplicas, type ClusterOverview } from './cluster-overview.js';
import { clusterDefaults, type ClusterOptions } from './cluster-options.js';
import type { ClusterControl, ControlOptions } from './cluster-control.js';
import type { NodeFact } from './cluster-view.js';
import { removedReason, type ClusterFacts, type PlacementChange } from './facts.js';
import { byName } from './formation.js';
import { FormationDriver, type JoinAnswer } from './formation-driver.js';
import { JoinService } from './join-service.js';
import { MembersService } from './members-service.js';
import { NodeAdmin } from './node-admin.js';
import type { NodeFile } from './node-file.js';
import { reportOf, type NodeReport } from './node-report.js';
import { Presence } from './presence.js';
import { ReportService } from './report-service.js';
import { SystemGroup } from './system-group.js';
import { whyNoPart } from './why-no-part.js';

export interface ClusterParts {
  readonly node: NodeFile;
  readonly replica: Replica;
  readonly network: PeerNetwork | null;
  readonly options: ClusterOptions;
  readonly onFatal: (error: Error) => void;
  readonly clock?: Clock;
}

const proposeDeadlineMs = 5_000;
const overviewDeadlineMs = 1_000;
/** Leaderships that one pass of the balance hands over. */
const transfersPerPass = 8;
/** Where everything is where it belongs, so many passes become one: what can change then is told. */
const quietPasses = 10;

/**
 * This node's part in its cluster: finds it or founds it, follows the replicated facts, and brings what
 * is here to what they say. One pass looks at everything there is to do; it runs after every change and
 * now and then, so what one pass could not do the next does. A pass over hundreds of groups costs
 * milliseconds: where there is nothing to do, "now and then" is seldom.
 */
export class Cluster implements ClusterControl {
  readonly self: NodeId;
  readonly #parts: ClusterParts;
  readonly #settings: Required<Omit<ClusterOptions, 'network'>>;
  readonly #clock: Clock;
  readonly #presence: Presence;
  readonly #system: SystemGroup;
  readonly #admin: NodeAdmin;
  readonly #mover: GroupMover;
  readonly #formation: FormationDriver;
  readonly #join: JoinService;
  readonly #keeper: ReplicaKeeper;
  readonly #balance: LeaderBalance;
  readonly #reports: ReportService;
  readonly #listeners = new Set<() => void>();
  readonly #refused = new Set<NodeId>();
  #founding: Promise<void> | null = null;
  #coordinating: Promise<void> | null = null;
  #announced = '';
  #told: string | null = null;
  /** What placement was found to be settled for. */
  #settledBasis = '';
  #timer: unknown = null;
  /** Whether the next look is a quiet one. */
  #quiet = false;
  #stopped = false;
  #failure: Error | null = null;

  constructor(parts: ClusterParts) {
    const { node, replica, network, options } = parts;
    this.#parts = parts;
    this.#settings = { ...clusterDefaults, ...options };
    this.#clock = parts.clock ?? systemClock;
    this.self = node.self.id;
    const facts = (): ClusterFacts => replica.facts;
    this.#presence = new Presence(node.self, network, () => this.#clock.now());
    this.#system = new SystemGroup(replica, network);
    this.#join = new JoinService(node, this.#system, network);
    const members = new MembersService(replica, network);
    const able = (): ReadonlySet<NodeId> => this.#presence.able(replica.facts);
    this.#mover = new GroupMover({ replica, facts, maximumMoves: this.#settings.maximumMoves });
    this.#reports = new ReportService(() => this.#report(), network);
    this.#admin = new NodeAdmin({
      facts,
      system: this.#system,
      presence: this.#presence,
      reports: (deadlineMs) => this.#collect(deadlineMs),
    });
    this.#balance = new LeaderBalance({ replica, facts, able, perPass: transfersPerPass });
    this.#keeper = new ReplicaKeeper({
      replica,
      facts,
      isOut: (group) => members.isOut(group, this.replicasOf(group)),
      onError: (error) => {
        this.#failed(error);
      },
    });
    this.#formation = new FormationDriver({
      node,
      size: this.#settings.size,
      newClusterId: randomUUID,
      hasLooked: () => network?.hasLooked() ?? true,
      seen: () => this.#presence.connected(),
      announce: () => {
        this.#announce();
      },
      join: (clusterId, via): Promise<JoinAnswer> => this.#join.ask(clusterId, via),
      onMember: () => {
        this.#founding = this.#found();
      },
      onFailure: (error) => {
        this.#failed(error);
      },
    });
  }

  /**
   * Begins to look for the cluster. Resolves at once where that takes others; where this node is a
   * cluster of its own, once it serves.
   */
  async start(): Promise<void> {
    const { network, replica } = this.#parts;
    this.#announce();
    network?.onChange(() => {
      this.#pass();
    });
    network?.start();
    this.#pass();
    await this.#founding;
    const alone = replica
      .statuses()
      .every(({ conf }) => conf.voters.length === 1 && conf.voters[0] === this.self);
    if (this.#founding === null || replica.facts.nodes.length > 1 || !alone) return;
    await replica.awaitLeaders();
    // The one under way may have begun before there was a leader.
    await this.#coordinate();
    await this.#coordinate();
    if (this.#failure !== null) throw this.#failure;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
  }

  replicasOf(group: GroupId): readonly NodeId[] {
    return this.#parts.replica.facts.placement[group] ?? [];
  }

  nodes(): readonly NodeFact[] {
    return this.#parts.replica.facts.nodes.filter(({ standing }) => standing !== 'removed').sort(byName);
  }

  nameOf(id: NodeId): string | null {
    return this.#parts.replica.facts.nodes.find((node) => node.id === id)?.name ?? null;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called when the facts have changed. */
  factsChanged(): void {
    for (const listener of this.#listeners) listener();
    this.#clock.defer(() => {
      this.#pass();
    });
  }

  /** To be called when another node leads a group, or none: who should lead it is looked at soon. */
  leaderChanged(): void {
    this.#lookSoon();
  }

  /** Whether this node is part of a cluster; if not, why, and what to do. */
  readiness(): Readiness {
    const { replica, network, node } = this.#parts;
    const reason = whyNoPart({
      self: node.self,
      facts: replica.facts,
      formation: this.#formation,
      peers: network?.peers().length ?? 0,
      refusals: network?.refusals() ?? [],
      now: Date.now(),
    });
    return reason === null ? { ready: true } : { ready: false, reason };
  }

  async overview({ deadlineMs = overviewDeadlineMs }: ControlOptions = {}): Promise<ClusterOverview> {
    const { replica, node, network } = this.#parts;
    const reports = await this.#collect(deadlineMs);
    const readiness = this.readiness();
    const { facts } = replica;
    const here = this.#presence.members(facts);
    return overviewOf({
      facts,
      self: node.self,
      coordinator: this.#presence.coordinator(facts)?.name ?? null,
      reason: readiness.ready ? null : readiness.reason,
      reports,
      here,
      connected: this.#presence
        .connected()
        .map(({ id, leaving, peer }) => ({ id, leaving, address: peer.address })),
      leaving: this.#presence.leaving,
      refusals: network?.refusals() ?? [],
    });
  }

  drain(name: string, { deadlineMs = proposeDeadlineMs }: ControlOptions = {}): Promise<void> {
    return this.#admin.drain(name, deadlineMs);
  }

  undrain(name: string, { deadlineMs = proposeDeadlineMs }: ControlOptions = {}): Promise<void> {
    return this.#admin.undrain(name, deadlineMs);
  }

  remove(name: string, { deadlineMs = proposeDeadlineMs }: ControlOptions = {}): Promise<void> {
    return this.#admin.remove(name, deadlineMs);
  }

  /** Tells the others that this node goes, and hands over what it leads. Returns how many groups it kept. */
  async handOver(deadlineMs: number): Promise<number> {
    this.#presence.leave();
    this.#announce();
    const { replica } = this.#parts;
    return handOver({ replica, able: () => this.#presence.able(replica.facts), deadlineMs });
  }

  #pass(): void {
    if (this.#stopped) return;
    try {
      this.#look();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The disk does not keep what this node must know of itself. The first failure ends its part in the cluster. */
  #failed(error: unknown): void {
    if (this.#stopped) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.stop();
    this.#parts.onFatal(this.#failure);
  }

  #look(): void {
    this.#formation.step();
    this.#announce();
    this.#tellStanding();
    if (this.#parts.node.phase.kind === 'member') this.#passOfMember();
    this.#quiet = this.#isSettled();
    const { passMs, graceMs } = this.#settings;
    this.#passLater(this.#quiet ? Math.max(passMs, Math.min(quietPasses * passMs, graceMs)) : passMs);
  }

  #passOfMember(): void {
    this.#refuseRemoved();
    void this.#keeper.run();
    void this.#coordinate();
    const led = this.#parts.replica.ledGroups();
    this.#mover.run(led);
    if (!this.#presence.leaving) this.#balance.run(led);
  }

  #passLater(ms: number): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = this.#clock.schedule(() => {
      this.#pass();
    }, ms);
  }

  #lookSoon(): void {
    if (!this.#quiet || this.#stopped) return;
    this.#quiet = false;
    this.#passLater(this.#settings.passMs);
  }

  /** Nothing is left to do that the last pass saw. */
  #isSettled(): boolean {
    const { clusterId } = this.#parts.replica.facts;
    if (clusterId === null || this.#told !== null) return false;
    return this.#keeper.isSettled && this.#mover.unsettled === 0 && this.#balance.isSettled;
  }

  #tellStanding(): void {
    const readiness = this.readiness();
    const reason = readiness.ready ? null : readiness.reason;
    if (reason === this.#told) return;
    this.#told = reason;
    this.#settings.onStanding(reason, this.#formation.refused);
  }

  #announce(): void {
    const { node, network } = this.#parts;
    if (network === null) return;
    const { size, version } = this.#settings;
    const { phase, revision, groups } = node;
    // Only founders need to know who sees whom.
    const sees = phase.kind === 'member' ? [] : network.peers().map(({ id }) => id);
    const state = announce({ size, version, phase, revision, groups, sees, leaving: this.#presence.leaving });
    if (state.detail === this.#announced) return;
    this.#announced = state.detail;
    network.announce(state);
  }

  /** A founder makes the groups of the new cluster; whoever was taken in, a replica of the system group. */
  async #found(): Promise<void> {
    const { node, replica } = this.#parts;
    const { phase } = node;
    if (phase.kind !== 'member') return;
    try {
      if (phase.founders === null) {
        await replica.createReplicas([replica.systemGroup]);
        return;
      }
      const { placement, voters } = firstPlacement(node.groups, phase.founders);
      const contexts = placement.flatMap((replicas, group) =>
        replicas.includes(this.self) ? [{ group: group as GroupId, voters: replicas }] : [],
      );
      const system = { group: replica.systemGroup, voters: voters.includes(this.self) ? voters : [] };
      await replica.foundGroups([...contexts, system]);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Proposes what the facts should say: the first ones, or, as coordinator, another placement. */
  #coordinate(): Promise<void> {
    this.#coordinating ??= this.#propose()
      .then((proposed) => {
        // Whether it took effect, the next look sees.
        if (proposed) this.#lookSoon();
      })
      .catch((error: unknown) => {
        this.#failed(error);
      })
      .finally(() => {
        this.#coordinating = null;
      });
    return this.#coordinating;
  }

  /** True where there was something to propose. */
  async #propose(): Promise<boolean> {
    const { node, replica } = this.#parts;
    const { phase } = node;
    const { facts } = replica;
    if (phase.kind !== 'member') return false;
    if (phase.founders !== null && facts.clusterId === null) {
      if (this.#system.leader !== this.self) return false;
      const { clusterId, founders } = phase;
      const first = firstPlacement(node.groups, founders);
      await this.#system.propose({ type: 'found', clusterId, nodes: founders, ...first }, proposeDeadlineMs);
      return true;
    }
    if (phase.founders !== null) {
      // From here on a group that is not here was moved, not lost: it must come back empty.
      await this.#founding;
      node.enter({ ...phase, founders: null });
    }
    const presence = this.#presence.presence(facts, this.#settings.graceMs);
    if (facts.clusterId === null || this.#presence.coordinator(facts)?.id !== this.self) return false;
    const plan = this.#plan(facts, presence);
    if (plan === null) return false;
    await this.#system.propose({ type: 'place', revision: facts.revision, ...plan }, proposeDeadlineMs);
    return true;
  }

  /** Planned anew only where something changed that it is made from. */
  #plan(facts: ClusterFacts, presence: ReadonlyMap<NodeId, NodePresence>): PlacementChange | null {
    const basis = `${facts.revision}:${[...presence].flat().join()}`;
    if (basis === this.#settledBasis) return null;
    const plan = planPlacement(facts, presence);
    if (plan === null) this.#settledBasis = basis;
    return plan;
  }

  #collect(deadlineMs: number): Promise<ReadonlyMap<NodeId, NodeReport>> {
    return this.#reports.collect(this.self, this.#presence.members(this.#parts.replica.facts), deadlineMs);
  }

  #report(): NodeReport {
    const { replica } = this.#parts;
    const wanted = wantedReplicas(this.nodes().length);
    return reportOf({
      version: this.#settings.version,
      sees: [...this.#presence.members(replica.facts)],
      statuses: replica.statuses().filter(({ group }) => group !== replica.systemGroup),
      unsettled: this.#mover.unsettled,
      wanted: () => wanted,
    });
  }

  #refuseRemoved(): void {
    const { network, replica } = this.#parts;
    for (const { id, name, standing } of replica.facts.nodes) {
      if (standing !== 'removed' || id === this.self || this.#refused.has(id)) continue;
      this.#refused.add(id);
      network?.refuse(id, removedReason(name));
    }
  }
}
