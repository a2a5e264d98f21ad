import { Group } from '../group/group.js';
import { logIndex, term } from '../ids.js';
import type { GroupId, LogIndex, NodeId } from '../ids.js';
import type { Random } from '../random.js';
import { emptyConf, initialConf, isVoter } from '../membership/conf-state.js';
import type { GroupStart } from '../group/state.js';
import type { GroupMeta, StoredGroup } from '../storage/storage.js';
import type { StateMachine } from '../state-machine/state-machine.js';
import { Runtime } from './runtime.js';
import type { Settings } from './defaults.js';

type Healthy = GroupStart['stored'];

export interface FactoryOptions<Result> {
  readonly self: NodeId;
  readonly stateMachine: (group: GroupId) => StateMachine<Result>;
  readonly random: Random;
  readonly settings: Settings;
}

/** 48 random bits: enough to tell a replica from the one that was here before. */
export function drawIncarnation(random: Random): string {
  const draw = (): string =>
    Math.floor(random() * 0x1_00_0000)
      .toString(16)
      .padStart(6, '0');
  return draw() + draw();
}

/** What a group that never existed here starts with. */
export function newMeta(voters: readonly NodeId[], random: Random): GroupMeta {
  return {
    hardState: { term: term(0), vote: null, commit: logIndex(0) },
    conf: voters.length === 0 ? emptyConf : initialConf(voters),
    confIndex: logIndex(0),
    incarnation: drawIncarnation(random),
    compacted: { index: logIndex(0), term: term(0) },
    voteFrom: logIndex(0),
  };
}

export function emptyStored(group: GroupId, meta: GroupMeta): Healthy {
  return { status: 'healthy', group, meta, lastIndex: meta.compacted.index, termRuns: [], configEntries: [] };
}

/** Opens the state machine of a stored group and decides what is lost. */
export async function openRuntime<Result>(
  options: FactoryOptions<Result>,
  stored: StoredGroup,
  now: number,
): Promise<Runtime<Result>> {
  const machine = options.stateMachine(stored.group);
  const opened = await openMachine(machine);
  if (stored.status === 'damaged') {
    // Nothing of it is believed, and nothing written, until a snapshot has replaced it.
    const meta = newMeta([], options.random);
    return makeRuntime(
      options,
      emptyStored(stored.group, meta),
      machine,
      'log',
      opened.applied,
      now,
      stored.reason,
    );
  }
  const { meta, lastIndex } = stored;
  const reason = opened.reason ?? mismatch(opened.applied, meta.compacted.index, lastIndex);
  const lost = reason === null ? 'none' : 'state';
  return makeRuntime(options, stored, machine, lost, opened.applied, now, reason);
}

async function openMachine<Result>(
  machine: StateMachine<Result>,
): Promise<{ applied: LogIndex; reason: string | null }> {
  try {
    return { applied: await machine.open(), reason: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { applied: logIndex(0), reason: `The state machine did not open: ${reason}` };
  }
}

function mismatch(applied: LogIndex, compacted: LogIndex, lastIndex: LogIndex): string | null {
  if (applied < compacted) {
    return `The state machine reflects entries up to ${applied}, but the log begins after ${compacted}.`;
  }
  if (applied > lastIndex) {
    return `The state machine reflects entries up to ${applied}, but the log ends at ${lastIndex}.`;
  }
  return null;
}

function makeRuntime<Result>(
  options: FactoryOptions<Result>,
  stored: Healthy,
  machine: StateMachine<Result>,
  lost: GroupStart['lost'],
  applied: LogIndex,
  now: number,
  reason: string | null,
): Runtime<Result> {
  const { self, random, settings } = options;
  const groupOptions = {
    self,
    group: stored.group,
    random,
    timing: settings.timing,
    limits: settings.limits,
  };
  const group = new Group(groupOptions, { stored, applied, lost }, now);
  return new Runtime(stored.group, group, machine, reason);
}

/** A replica without others to ask: nobody else can lead, so it need not wait. */
export function isSoleVoter<Result>(runtime: Runtime<Result>, self: NodeId): boolean {
  const { conf } = runtime.group;
  return conf.voters.length === 1 && conf.votersOutgoing.length === 0 && isVoter(conf, self);
}
