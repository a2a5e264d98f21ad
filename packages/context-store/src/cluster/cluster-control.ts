import type { ClusterOverview } from './cluster-overview.js';
import type { ClusterView } from './cluster-view.js';

export interface ControlOptions {
  /** Milliseconds. Default 5,000; of an overview 1,000: a node that does not answer is shown as such. */
  readonly deadlineMs?: number;
}

/** The cluster for those who run it. From any node of it. */
export interface ClusterControl extends ClusterView {
  /** The nodes, the groups and how they are, in one readable piece. Never rejects. */
  overview(options?: ControlOptions): Promise<ClusterOverview>;
  /**
   * Lets a node give its replicas to others, as far as there are any that can take them. Again: nothing
   * happens.
   * @throws StoreError `node_not_found`, `unavailable`, `outcome_unknown`
   */
  drain(name: string, options?: ControlOptions): Promise<void>;
  /** Takes a `drain` back. @throws StoreError `node_not_found`, `unavailable`, `outcome_unknown` */
  undrain(name: string, options?: ControlOptions): Promise<void>;
  /**
   * Removes a node that is dead, or drained. Its name is free afterwards; its data directory is not taken
   * back.
   * @throws StoreError `node_not_found`, `node_not_drained`, `quorum_would_be_lost`, `unavailable`, `outcome_unknown`
   */
  remove(name: string, options?: ControlOptions): Promise<void>;
}
