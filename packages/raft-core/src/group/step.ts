import type { Message } from '../message/message.js';
import { becomeFollower, campaign, hearLeader, onVoteRequest, onVoteResponse } from './election.js';
import { answer, onAppend, onCommitNotice, onHeartbeat } from './follow.js';
import { noteTerm } from './lost-votes.js';
import { onReadRequest, onReadResponse } from './read-index.js';
import { onAppendResponse, onHeartbeatResponse } from './replicate.js';
import { onSnapshotChunk } from './snapshot-receive.js';
import { onSnapshotResponse } from './snapshot-send.js';
import type { GroupState } from './state.js';

/** The terms come first (section 5.1): a later one is taken over, a message of an earlier one is void. */
export function stepMessage(s: GroupState, m: Message): void {
  if (m.type === 'vote_request') {
    onVoteRequest(s, m);
    return;
  }
  if (m.type === 'vote_response') {
    onVoteResponse(s, m);
    noteTerm(s, m);
    return;
  }
  if (m.term < s.term) {
    onStale(s, m);
    return;
  }
  if (m.term > s.term) becomeFollower(s, m.term, null);
  switch (m.type) {
    case 'append':
      onAppend(s, m);
      return;
    case 'heartbeat':
      onHeartbeat(s, m);
      return;
    case 'commit_notice':
      onCommitNotice(s, m);
      return;
    case 'snapshot_chunk':
      onSnapshotChunk(s, m);
      return;
    case 'append_response':
      onAppendResponse(s, m);
      return;
    case 'heartbeat_response':
      onHeartbeatResponse(s, m);
      return;
    case 'snapshot_response':
      onSnapshotResponse(s, m);
      return;
    case 'read_request':
      onReadRequest(s, m);
      return;
    case 'read_response':
      onReadResponse(s, m);
      return;
    case 'timeout_now':
      hearLeader(s, m.from);
      campaign(s, 'transfer');
      return;
  }
}

/**
 * A leader of an earlier term must learn that there is a later one. Otherwise a replica that came back
 * with a higher term is stuck: PreVote does not let it win, and it cannot follow (etcd#8501).
 */
function onStale(s: GroupState, m: Message): void {
  if (m.type !== 'append' && m.type !== 'heartbeat' && m.type !== 'snapshot_chunk') return;
  answer(s, m.from, { kind: 'conflict', prevIndex: s.log.commit, hintIndex: s.log.commit, hintTerm: s.term });
}
