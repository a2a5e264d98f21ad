import { logIndex } from '../ids.js';
import type { NodeId } from '../ids.js';
import type { Entry } from '../log/entry.js';
import { changeConf } from '../membership/conf-change.js';
import type { ConfChange } from '../membership/conf-change.js';
import { encodeConf, isJoint, isVoter, leaveJoint, members } from '../membership/conf-state.js';
import { appendOwn, maybeCommit, ownTermCommitted } from './commit.js';
import { becomeFollower } from './election.js';
import { Progress } from './progress.js';
import type { ProposeResult } from './ready.js';
import { announceCommit } from './replicate.js';
import { stopTransfer } from './snapshot-send.js';
import type { GroupState } from './state.js';

/**
 * Appends a change of membership. One at a time, and not before an entry of this term is committed:
 * otherwise two changes of different terms, each a single step from the same configuration, can have
 * disjoint majorities (Ongaro's raft-dev post on single-server changes, 2015).
 */
export function proposeConfChange(s: GroupState, change: ConfChange): ProposeResult {
  if (s.role !== 'leader') return { kind: 'rejected', reason: 'not_leader' };
  if (s.transfer !== null) return { kind: 'rejected', reason: 'transferring' };
  if (!ownTermCommitted(s) || s.confs.index > s.log.commit || isJoint(s.confs.current)) {
    return { kind: 'rejected', reason: 'conf_change_pending' };
  }
  const conf = changeConf(s.confs.current, change);
  if (conf === null) return { kind: 'rejected', reason: 'invalid_conf_change' };
  return { kind: 'appended', ...position(appendConf(s, encodeConf(conf))) };
}

function position(entry: Entry): Pick<Entry, 'index' | 'term'> {
  return { index: entry.index, term: entry.term };
}

function appendConf(s: GroupState, data: Uint8Array): Entry {
  const entry = appendOwn(s, 'config', data);
  s.confs.append(entry);
  trackMembers(s);
  return entry;
}

/** A new leader knows nothing of the others. */
export function resetProgress(s: GroupState): void {
  s.progress.clear();
  trackMembers(s);
}

/** Follows the members of the configuration in force; those it removed until they know. */
export function trackMembers(s: GroupState): void {
  const conf = s.confs.current;
  const current = new Set<NodeId>(members(conf));
  for (const node of current) {
    if (node === s.self) continue;
    const known = s.progress.get(node);
    if (known === undefined) s.progress.add(new Progress(node, logIndex(s.log.lastIndex + 1), s.now));
    else known.leavingAt = known.leavingSince = null;
  }
  for (const progress of s.progress.all) {
    if (!current.has(progress.node)) progress.leavingAt ??= s.confs.index;
  }
}

/** The commit index moved: leave a joint configuration, forget who is gone, go if it is this node. */
export function onMembershipCommitted(s: GroupState): void {
  if (s.confs.index > s.log.commit) return;
  const conf = s.confs.current;
  // The newest configuration in the log is looked at, so leaving is proposed once (etcd#12582); and
  // only by a leader whose own term has committed.
  if (isJoint(conf) && conf.autoLeave && ownTermCommitted(s)) {
    appendConf(s, encodeConf(leaveJoint(conf)));
    maybeCommit(s);
    return;
  }
  for (const progress of s.progress.all) {
    if (progress.leavingAt !== null) progress.leavingSince ??= s.now;
  }
  if (!isJoint(conf) && !isVoter(conf, s.self)) {
    // A removed leader leads until its removal is committed, then goes (thesis 4.2.2).
    announceCommit(s);
    becomeFollower(s, s.term, null);
  }
}

/** Drops removed nodes that know of it, or did not answer in time. */
export function forgetLeaving(s: GroupState): void {
  for (const progress of s.progress.all) {
    const { node, leavingAt, leavingSince } = progress;
    if (leavingAt === null || leavingSince === null) continue;
    const told = progress.match >= leavingAt && progress.sentCommit >= leavingAt;
    if (!told && s.now - leavingSince < s.electionTimeoutMs) continue;
    stopTransfer(s, progress);
    s.progress.delete(node);
  }
}

/** Whether this node was a member and a committed configuration took it out. */
export function isRemoved(s: GroupState): boolean {
  const conf = s.confs.current;
  return conf.voters.length > 0 && s.confs.index <= s.log.commit && !members(conf).includes(s.self);
}
