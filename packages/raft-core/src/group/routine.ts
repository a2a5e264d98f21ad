import type { Message } from '../message/message.js';
import { hasNewsFor } from './replicate.js';
import type { GroupState } from './state.js';

/**
 * Whether an answer that a leader has just stepped changed nothing that a turn would act upon. Of hundreds of groups
 * each follower says several times a second that it is there, and of three replicas the slower one
 * acknowledges what is committed already, or the faster one what is not yet.
 */
export function wasRoutine(s: GroupState, message: Message): boolean {
  if (message.type !== 'heartbeat_response' && message.type !== 'append_response') return false;
  if (s.role !== 'leader' || !s.out.isEmpty || s.reads.length > 0 || s.metaDirty) return false;
  if (s.log.applying < s.log.applicable) return false;
  const progress = s.progress.get(message.from);
  return progress !== undefined && !hasNewsFor(s, progress);
}
