import type { GroupStart } from '../../group/state.js';
import type { LogIndex } from '../../ids.js';
import type { ConfState } from '../../log/entry.js';
import type { GroupMeta } from '../../storage/storage.js';
import type { GroupImage } from '../memory/group-image.js';

export function newMeta(conf: ConfState, incarnation: string): GroupMeta {
  return {
    hardState: { term: 0, vote: null, commit: 0 } as GroupMeta['hardState'],
    conf,
    confIndex: 0 as LogIndex,
    incarnation,
    compacted: { index: 0, term: 0 } as GroupMeta['compacted'],
    voteFrom: 0 as LogIndex,
  };
}

/** What a replica finds when it starts, and what is lost: as the host decides it. */
export function replicaStart(found: {
  readonly image: GroupImage;
  readonly applied: LogIndex;
  readonly stateLost: boolean;
  readonly newMeta: () => GroupMeta;
}): GroupStart {
  const { image, applied } = found;
  const stored = image.stored();
  if (stored?.status === 'healthy') {
    const apart = applied < stored.meta.compacted.index || applied > stored.lastIndex;
    return { stored, applied, lost: found.stateLost || apart ? 'state' : 'none' };
  }
  const meta = found.newMeta();
  const lastIndex = meta.compacted.index;
  const empty = { meta, lastIndex, termRuns: [], configEntries: [] };
  return {
    stored: { status: 'healthy', group: image.group, ...empty },
    applied: lastIndex,
    lost: 'log',
  };
}
