import type { ReplicaStatus, StoreObserver } from '@fastpaca/context-store';
import { Counter, Gauge, type Registry } from 'prom-client';
import { PlainHistogram } from './plain-histogram.js';

const seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** What Raft and the disk do below the appends. */
export class ReplicaMetrics {
  private readonly registry: Registry;
  private readonly proposals: Counter<'outcome'>;
  private readonly leaderChanges: Counter;
  private readonly commitSeconds: PlainHistogram;
  private readonly applySeconds: PlainHistogram;
  private readonly writeSeconds: PlainHistogram;
  private readonly batchOps: PlainHistogram;
  private readonly batchBytes: PlainHistogram;

  constructor(registry: Registry) {
    this.registry = registry;
    const histogram = (name: string, help: string, buckets: number[]) =>
      new PlainHistogram({ name, help, buckets, registers: [registry] });
    this.proposals = new Counter({
      name: 'fastpaca_raft_proposals_total',
      help: 'Proposals by outcome: committed, rejected (certainly not written) or unknown',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.leaderChanges = new Counter({
      name: 'fastpaca_raft_leader_changes_total',
      help: 'Changes of leader that this node has seen, of all groups',
      registers: [registry],
    });
    this.commitSeconds = histogram(
      'fastpaca_raft_commit_duration_seconds',
      'Time from a proposal to its commit, applied on this node',
      seconds,
    );
    this.applySeconds = histogram(
      'fastpaca_raft_apply_duration_seconds',
      'Time from the commit of entries until they are part of the state',
      seconds,
    );
    this.writeSeconds = histogram(
      'fastpaca_storage_fsync_duration_seconds',
      'Time of one synced batch of the disk',
      seconds,
    );
    this.batchOps = histogram(
      'fastpaca_storage_batch_operations',
      'Operations of one synced batch',
      [1, 4, 16, 64, 256, 1024, 4096],
    );
    this.batchBytes = histogram(
      'fastpaca_storage_batch_bytes',
      'Bytes of one synced batch',
      [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 8_388_608],
    );
  }

  observer(): Omit<StoreObserver, 'onAppended'> {
    return {
      onWrite: ({ durationMs, bytes, ops }) => {
        this.writeSeconds.note(durationMs / 1000);
        this.batchOps.note(ops);
        this.batchBytes.note(bytes);
      },
      onProposal: ({ outcome, latencyMs }) => {
        this.proposals.inc({ outcome });
        if (outcome === 'committed') this.commitSeconds.note(latencyMs / 1000);
      },
      onApplied: ({ latencyMs }) => this.applySeconds.note(latencyMs / 1000),
      onLeaderChange: () => this.leaderChanges.inc(),
    };
  }

  /** Adds the gauges, which are read when they are scraped. */
  watch(status: () => ReplicaStatus): void {
    const gauge = (name: string, help: string, read: (status: ReplicaStatus) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read(status()));
        },
      });
    gauge('fastpaca_raft_term', 'The highest term of any group', ({ maxTerm }) => maxTerm);
    gauge(
      'fastpaca_raft_apply_lag_entries',
      'Entries committed and not applied here yet',
      ({ applyLag }) => applyLag,
    );
    gauge(
      'fastpaca_raft_pending_proposals',
      'Proposals that wait for their outcome',
      (s) => s.pendingProposals,
    );
    gauge('fastpaca_storage_staged_bytes', 'State that a later write makes durable', (s) => s.stagedBytes);
    gauge('fastpaca_cache_bytes', 'Contexts and windows in memory', ({ cacheBytes }) => cacheBytes);
    new Gauge({
      name: 'fastpaca_raft_groups',
      help: 'Groups by what this node is in them',
      labelNames: ['role'],
      registers: [this.registry],
      collect() {
        for (const [role, count] of Object.entries(status().groups)) this.set({ role }, count);
      },
    });
  }
}
