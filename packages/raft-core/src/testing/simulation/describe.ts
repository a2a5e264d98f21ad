import type { Group } from '../../group/group.js';
import type { LogIndex } from '../../ids.js';
import type { Message } from '../../message/message.js';
import type { GroupWrite } from '../../storage/storage.js';

/** One line of a trace for a message: what a reader needs to follow the argument. */
export function describeMessage(m: Message): string {
  const head = `${m.from}→${m.to} t${m.term} ${m.type}`;
  switch (m.type) {
    case 'vote_request':
      return `${head}${m.pre ? ' pre' : ''}${m.force ? ' forced' : ''} last ${m.lastIndex}/t${m.lastTerm}`;
    case 'vote_response':
      return `${head}${m.pre ? ' pre' : ''} ${m.granted ? 'granted' : 'refused'} for t${m.requestTerm}`;
    case 'append':
      return `${head} after ${m.prevIndex}/t${m.prevTerm} [${m.entries.map(({ index, term, type }) => `${index}/t${term}${type === 'normal' ? '' : ` ${type}`}`).join(' ')}] commit ${m.commit}`;
    case 'append_response':
      return `${head} ${describeOutcome(m.outcome)}`;
    case 'heartbeat':
      return `${head} commit ${m.commit} round ${m.round}`;
    case 'heartbeat_response':
      return `${head} round ${m.round}`;
    case 'commit_notice':
      return `${head} commit ${m.commit}`;
    case 'read_request':
      return `${head} ${m.id}`;
    case 'read_response':
      return `${head} ${m.id} at ${m.index}`;
    case 'timeout_now':
      return head;
    case 'snapshot_chunk':
      return `${head} ${m.id} of ${m.position.index}/t${m.position.term} at ${m.offset}+${m.data.length}${m.done ? ' last' : ''}`;
    case 'snapshot_response':
      return `${head} ${m.id} wants ${m.offset}`;
  }
}

function describeOutcome(outcome: Extract<Message, { type: 'append_response' }>['outcome']): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted ${outcome.index}`;
    case 'conflict':
      return `conflict at ${outcome.prevIndex}, may match ${outcome.hintIndex}/t${outcome.hintTerm}`;
    case 'needs_snapshot':
      return 'needs a snapshot';
  }
}

/** Position in the list below: what a message adds to the hash of a trace. */
export function messageNumber(m: Message): number {
  return order.indexOf(m.type);
}

const order: readonly Message['type'][] = [
  'append',
  'append_response',
  'heartbeat',
  'heartbeat_response',
  'commit_notice',
  'vote_request',
  'vote_response',
  'read_request',
  'read_response',
  'timeout_now',
  'snapshot_chunk',
  'snapshot_response',
];

export function describeWrite({ reset, truncateFrom, append, meta }: GroupWrite): string {
  const parts: string[] = [];
  if (reset === true) parts.push(`reset to ${meta?.compacted.index ?? 0}`);
  if (truncateFrom !== undefined) parts.push(`truncate from ${truncateFrom}`);
  const [first, last] = [append?.at(0), append?.at(-1)];
  if (first !== undefined && last !== undefined)
    parts.push(`entries ${first.index}/t${first.term} to ${last.index}/t${last.term}`);
  if (meta !== undefined) {
    const { term, vote, commit } = meta.hardState;
    parts.push(`meta t${term} vote ${vote ?? 'none'} commit ${commit} compacted ${meta.compacted.index}`);
  }
  return parts.join(', ');
}

/** One line, for a run that does not come to rest. */
export function describeGroup(group: Group, now: number, applied: LogIndex): string {
  const { role, term, leader, lost, installing, lastIndex, commit, conf } = group;
  const voters = [conf.voters.join(','), conf.votersOutgoing.join(',')]
    .filter((half) => half !== '')
    .join(' and ');
  const peers = group.peers(now).map(({ node, state, match }) => `${node} ${state} ${match}`);
  return `${peers.join(', ')} ${role} t${term} of ${leader ?? 'nobody'}, lost ${lost}${installing ? ', installing' : ''}, last ${lastIndex}, commit ${commit}, applied ${applied}, voters ${voters}`;
}
