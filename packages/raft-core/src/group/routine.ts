import type { Message } from '../message/message.js';
import { hasNewsFor } from './replicate.js';
import type { GroupState } from './state.js';

/**
 * What a replica sends that has nothing else to do, after `message` was stepped or, where that is null, after a tick; null
 * where it takes a turn. Of hundreds of groups each says several times a second that it is there, and of
 * three replicas the slower one acknowledges what is committed already, the faster one what is not yet.
 */
export function takeRoutine(s: GroupState, message: Message | null): readonly Message[] | null {
  if (s.metaDirty || s.resetPending || s.lost !== 'none' || s.reads.length > 0) return null;
  if (s.log.applying < s.log.applicable) return null;
  if (s.role === 'leader' ? leaderHasNews(s, message) : followerHasNews(s, message)) return null;
  return s.out.takeRoutine();
}

function leaderHasNews(s: GroupState, message: Message | null): boolean {
  if (message === null) return s.progress.all.some((progress) => hasNewsFor(s, progress));
  if (message.type !== 'heartbeat_response' && message.type !== 'append_response') return true;
  const progress = s.progress.get(message.from);
  return progress === undefined || hasNewsFor(s, progress);
}

function followerHasNews(s: GroupState, message: Message | null): boolean {
  return s.role !== 'follower' || message?.type !== 'heartbeat';
}
