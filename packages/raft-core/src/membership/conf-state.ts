import { RaftError } from '../errors.js';
import type { ConfState } from '../log/entry.js';
import { nodeId } from '../ids.js';
import type { NodeId } from '../ids.js';

export const emptyConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** The membership of a new group. */
export function initialConf(voters: readonly NodeId[]): ConfState {
  return { ...emptyConf, voters: [...voters].sort() };
}

export function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0;
}

/** Votes count from both halves of a joint configuration. */
export function isVoter(conf: ConfState, node: NodeId): boolean {
  return conf.voters.includes(node) || conf.votersOutgoing.includes(node);
}

/** Of both halves of a joint configuration. */
export function voters(conf: ConfState): readonly NodeId[] {
  return isJoint(conf) ? [...new Set([...conf.voters, ...conf.votersOutgoing])] : conf.voters;
}

export function isMember(conf: ConfState, node: NodeId): boolean {
  return isVoter(conf, node) || conf.learners.includes(node) || conf.learnersNext.includes(node);
}

/** Every node that gets the log. */
export function members(conf: ConfState): NodeId[] {
  return [...new Set([...conf.voters, ...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext])];
}

/** The configuration after the joint one. */
export function leaveJoint(conf: ConfState): ConfState {
  return {
    ...emptyConf,
    voters: conf.voters,
    learners: [...new Set([...conf.learners, ...conf.learnersNext])].sort(),
  };
}

/** What a `config` entry carries: JSON with sorted members, the same bytes on every leader. */
export function encodeConf(conf: ConfState): Uint8Array {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = conf;
  return new TextEncoder().encode(
    JSON.stringify({ voters, votersOutgoing, learners, learnersNext, autoLeave }),
  );
}

/** Throws `invalid_state` where the bytes are not an encoded configuration. */
export function decodeConf(data: Uint8Array): ConfState {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new RaftError('invalid_state', 'A config entry does not hold JSON: the log is damaged.', { cause });
  }
  if (typeof value !== 'object' || value === null) {
    throw new RaftError('invalid_state', 'A config entry does not hold an object: the log is damaged.');
  }
  const fields = value as Record<string, unknown>;
  const nodes = (name: keyof ConfState): NodeId[] => {
    const list = fields[name];
    if (!Array.isArray(list) || list.length > 1024) {
      throw new RaftError('invalid_state', `A config entry has no list "${name}": the log is damaged.`);
    }
    return list.map((item: unknown) => nodeId(String(item)));
  };
  return {
    voters: nodes('voters'),
    votersOutgoing: nodes('votersOutgoing'),
    learners: nodes('learners'),
    learnersNext: nodes('learnersNext'),
    autoLeave: fields['autoLeave'] === true,
  };
}
