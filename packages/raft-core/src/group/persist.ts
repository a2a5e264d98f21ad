import { logIndex } from '../ids.js';
import type { GroupMeta, GroupWrite } from '../storage/storage.js';
import { countOwnVote } from './election.js';
import { maybeCommit } from './commit.js';
import { persistToken } from './ready.js';
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
  const messagesAfterSync = s.out.afterSync.take();
  if (s.ownVote !== null) s.ownVote.seq ??= seq;
  if (s.install?.last != null) s.install.last.seq ??= seq;
  const write = takeWrite(s, seq);
  return { token: persistToken(seq), write, messagesAfterSync, bytes: write === null ? 0 : dataBytes(write) };
}

function takeWrite(s: GroupState, seq: number): GroupWrite | null {
  const { group } = s.options;
  if (s.lost === 'log') return null;
  const reset = s.resetPending;
  s.resetPending = false;
  if (!reset && !s.log.hasUnhanded()) return s.metaDirty ? { group, meta: takeMeta(s) } : null;
  // With a reset go all entries that follow it: their acknowledgements wait for this write.
  const { append, truncateFrom } = s.log.takeUnhanded(seq);
  if (!reset && truncateFrom === null) {
    return metaIsDue(s) ? { group, append, meta: takeMeta(s) } : { group, append };
  }
  const shortened = truncateFrom === null ? {} : { truncateFrom };
  if (reset) return { group, append, reset, ...shortened, meta: takeMeta(s) };
  return { group, append, ...shortened, ...(metaIsDue(s) ? { meta: takeMeta(s) } : {}) };
}

function dataBytes({ append }: GroupWrite): number {
  let bytes = 0;
  if (append !== undefined) for (const entry of append) bytes += entry.data.length;
  return bytes;
}

/** How far the durable commit index may lag behind. */
const COMMIT_LAG = 64;

/**
 * The durable commit index is a lower bound: a restart knows at least that much before it hears a
 * leader. With every write it would cost more than the entry that it goes with, so it follows in
 * steps; but what is known of a configuration is written, so that a removed replica knows it is.
 */
function metaIsDue(s: GroupState): boolean {
  if (s.metaDirty) return true;
  const { commit } = s.log;
  const settled = s.confs.index <= commit && s.confs.index > s.persistedCommit;
  return settled || commit - s.persistedCommit >= COMMIT_LAG;
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
  s.log.persisted(token);
  countOwnVote(s, token);
  feedLast(s, token);
  maybeCommit(s);
  evict(s);
}

/**
 * Entries stay in memory until they are durable, applied and held by every follower. Those that a slow
 * follower still lacks stay up to a limit: storage has them too.
 */
export function evict(s: GroupState): void {
  const { cache, stable, applied } = s.log;
  let done: number = Math.min(stable, applied);
  // After most writes the newest entries are not applied yet: nobody need look at the followers.
  if (cache.first <= done) {
    for (const { match } of s.progress.all) done = Math.min(done, match);
    cache.evict(logIndex(done), 0);
  }
  if (cache.bytes > s.limits.cacheBytes && s.hasPeers) cache.evict(stable, s.limits.cacheBytes);
}
