import { logIndex } from '../ids.js';
import type { GroupMeta, GroupWrite } from '../storage/storage.js';
import { countOwnVote } from './election.js';
import { maybeCommit } from './commit.js';
import type { Persist, PersistToken } from './ready.js';
import { feedLast } from './snapshot-receive.js';
import type { GroupState } from './state.js';

/**
 * Whether anything waits for the disk. A commit index alone does not: it is a lower bound and rides
 * along.
 */
export function wantsPersist(s: GroupState): boolean {
  // Nothing of a lost log is written before a snapshot replaces it: it would pass for a whole one.
  if (s.lost === 'log') return s.out.afterSync.length > 0;
  return s.metaDirty || s.resetPending || s.out.afterSync.length > 0 || s.log.hasUnhanded();
}

/** Takes what must be written now, with the messages that depend on it or on an earlier write. */
export function takePersist(s: GroupState): Persist | null {
  if (!wantsPersist(s)) return null;
  s.persistSeq += 1;
  const seq = s.persistSeq;
  const messagesAfterSync = s.out.afterSync;
  s.out.afterSync = [];
  if (s.ownVote !== null) s.ownVote.seq ??= seq;
  if (s.install?.last != null) s.install.last.seq ??= seq;
  const { write, bytes } = takeWrite(s, seq);
  const token: PersistToken = {
    seq,
    index: s.log.handed,
    term: s.log.termAt(s.log.handed) ?? s.log.lastTerm,
  };
  return { token, write, messagesAfterSync, bytes };
}

function takeWrite(s: GroupState, seq: number): { write: GroupWrite | null; bytes: number } {
  const { group } = s.options;
  if (s.lost === 'log') return { write: null, bytes: 0 };
  const reset = s.resetPending;
  s.resetPending = false;
  if (!reset && !s.log.hasUnhanded()) {
    return { write: s.metaDirty ? { group, meta: takeMeta(s) } : null, bytes: 0 };
  }
  // With a reset go all entries that follow it: their acknowledgements wait for this write.
  const { append, truncateFrom } = s.log.takeUnhanded(seq);
  let bytes = 0;
  for (const entry of append) bytes += entry.data.length;
  const write = {
    group,
    append,
    ...(reset ? { reset } : {}),
    ...(truncateFrom === null ? {} : { truncateFrom }),
    ...(reset || s.metaDirty || s.log.commit > s.persistedCommit ? { meta: takeMeta(s) } : {}),
  };
  return { write, bytes };
}

function takeMeta(s: GroupState): GroupMeta {
  s.metaDirty = false;
  s.persistedCommit = s.log.commit;
  return {
    hardState: { term: s.term, vote: s.vote, commit: s.log.commit },
    conf: s.confs.base.conf,
    confIndex: s.confs.base.index,
    incarnation: s.incarnation,
    compacted: s.log.compacted,
    voteFrom: s.voteFrom,
  };
}

/** The write is on stable storage, and so is everything handed out before it. */
export function onPersisted(s: GroupState, token: PersistToken): void {
  s.log.persisted(token.seq);
  countOwnVote(s, token.seq);
  feedLast(s, token.seq);
  maybeCommit(s);
  evict(s);
}

/** Entries stay in memory until durable and applied; beyond that, some for slow followers. */
export function evict(s: GroupState): void {
  const needed = s.hasPeers;
  const durable = needed ? s.log.stable : Math.min(s.log.stable, s.log.applied);
  s.log.cache.evict(logIndex(durable), needed);
}
