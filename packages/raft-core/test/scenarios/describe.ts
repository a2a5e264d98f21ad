import { logIndex, nodeId, term as toTerm } from '../../src/index.js';
import type { ConfState, Entry, GroupWrite, Message } from '../../src/index.js';
import { group } from './disk.js';

/** `3/1 x`: the entry at index 3, of term 1, that holds the command x. */
export function describeEntry({ index, term, type, data }: Entry): string {
  const text = Buffer.from(data).toString();
  if (type === 'noop') return `${index}/${term} noop`;
  if (type === 'normal') return `${index}/${term} ${text}`;
  return `${index}/${term} conf(${describeConf(JSON.parse(text) as ConfState)})`;
}

export function describeConf(conf: ConfState): string {
  const parts = [conf.voters.join(' ')];
  if (conf.votersOutgoing.length > 0) parts.push(`and ${conf.votersOutgoing.join(' ')}`);
  const learners = [...conf.learners, ...conf.learnersNext];
  if (learners.length > 0) parts.push(`learners ${learners.join(' ')}`);
  return parts.join(', ');
}

export function describeMessage(m: Message): string {
  return `${m.from}->${m.to} ${m.type} term ${m.term}${detail(m)}`;
}

function detail(m: Message): string {
  switch (m.type) {
    case 'vote_request':
      return `${m.pre ? ' pre' : ''}${m.force ? ' force' : ''}, log ends ${m.lastIndex}/${m.lastTerm}`;
    case 'vote_response':
      return `${m.pre ? ' pre' : ''}, ${m.granted ? 'granted' : 'refused'} for term ${m.requestTerm + (m.pre ? 1 : 0)}`;
    case 'append': {
      const entries = m.entries.map(describeEntry).join(', ');
      return `, after ${m.prevIndex}/${m.prevTerm}: [${entries}], commit ${m.commit}`;
    }
    case 'append_response':
      return `, ${outcome(m)}`;
    case 'heartbeat':
      return `, commit ${m.commit}, round ${m.round}`;
    case 'heartbeat_response':
      return `, round ${m.round}`;
    case 'commit_notice':
      return `, commit ${m.commit}`;
    case 'read_request':
      return `, request ${m.id}`;
    case 'read_response':
      return `, request ${m.id}, index ${m.index}`;
    case 'timeout_now':
      return '';
    case 'snapshot_chunk': {
      const text = Buffer.from(m.data).toString();
      return `, snapshot ${m.id} of ${m.position.index}/${m.position.term}, offset ${m.offset} "${text}"${m.done ? ', the last' : ''}`;
    }
    case 'snapshot_response':
      return `, snapshot ${m.id}, wants offset ${m.offset}`;
  }
}

function outcome(m: Extract<Message, { type: 'append_response' }>): string {
  switch (m.outcome.kind) {
    case 'accepted':
      return `accepted up to ${m.outcome.index}`;
    case 'conflict':
      return `conflict after ${m.outcome.prevIndex}, may match at ${m.outcome.hintIndex}/${m.outcome.hintTerm}`;
    case 'needs_snapshot':
      return `needs a snapshot of ${m.outcome.atLeast} or later`;
  }
}

export function describeWrite(write: GroupWrite | null): string {
  if (write === null) return 'nothing';
  const parts: string[] = [];
  if (write.reset === true) parts.push('reset');
  if (write.truncateFrom !== undefined) parts.push(`truncate from ${write.truncateFrom}`);
  if (write.append !== undefined && write.append.length > 0) {
    parts.push(`append ${write.append.map(describeEntry).join(', ')}`);
  }
  if (write.meta !== undefined) {
    const { hardState, compacted } = write.meta;
    parts.push(`term ${hardState.term}`, `vote ${hardState.vote ?? 'none'}`, `commit ${hardState.commit}`);
    if (compacted.index > 0) parts.push(`compacted ${compacted.index}/${compacted.term}`);
  }
  return parts.join('; ');
}

/** The words of `a->b append term 3, after 1/1: [2/1 x, 3/3 noop], commit 1`. */
export function parseAppend(words: readonly string[]): Message {
  const pattern =
    /^(?<from>\w+)->(?<to>\w+) append term (?<at>\d+), after (?<prev>\d+)\/(?<prevTerm>\d+): \[(?<list>.*)\], commit (?<commit>\d+)$/;
  const found = pattern.exec(words.join(' '))?.groups;
  if (found === undefined) throw new Error('Not an append as "wire" prints it.');
  const { from = '', to = '', at, prev, prevTerm, list = '', commit } = found;
  const entries = list === '' ? [] : list.split(', ').map(parseEntry);
  return {
    type: 'append',
    group,
    from: nodeId(from),
    to: nodeId(to),
    term: toTerm(Number(at)),
    prevIndex: logIndex(Number(prev)),
    prevTerm: toTerm(Number(prevTerm)),
    entries,
    commit: logIndex(Number(commit)),
  };
}

function parseEntry(text: string): Entry {
  const [index, term, command = ''] = text.split(/[/ ]/);
  const type = command === 'noop' ? 'noop' : 'normal';
  const data = Buffer.from(type === 'noop' ? '' : command);
  return { index: logIndex(Number(index)), term: toTerm(Number(term)), type, data };
}
