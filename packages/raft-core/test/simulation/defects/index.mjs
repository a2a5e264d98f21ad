import { electionDefects } from './election.mjs';
import { membershipDefects } from './membership.mjs';
import { readDefects } from './reads.mjs';
import { replicationDefects } from './replication.mjs';
import { snapshotDefects } from './snapshots.mjs';

/**
 * Each is a small change to the sources that a careful reviewer could let pass. `find` must be in
 * the file exactly once: a defect that no longer fits fails loudly instead of testing nothing.
 */
export const defects = [
  ...electionDefects,
  ...replicationDefects,
  ...membershipDefects,
  ...readDefects,
  ...snapshotDefects,
];
