import { groupId, initialConf, logIndex, term as toTerm } from '../../src/index.js';
import type { Entry, GroupMeta, GroupWrite, NodeId, StoredGroup, TermRun } from '../../src/index.js';

export const group = groupId(1);

/** What one replica has on disk, changed only by whole writes. */
export class Disk {
  meta: GroupMeta;
  entries: Entry[] = [];

  constructor(voters: readonly NodeId[], incarnation: string) {
    this.meta = {
      hardState: { term: toTerm(0), vote: null, commit: logIndex(0) },
      conf: initialConf(voters),
      confIndex: logIndex(0),
      incarnation,
      compacted: { index: logIndex(0), term: toTerm(0) },
      voteFrom: logIndex(0),
    };
  }

  copy(): Disk {
    const copy = new Disk([], '');
    copy.meta = this.meta;
    copy.entries = [...this.entries];
    return copy;
  }

  write({ truncateFrom, append, meta, reset }: GroupWrite): void {
    if (truncateFrom !== undefined) this.entries = this.entries.filter(({ index }) => index < truncateFrom);
    if (append !== undefined) this.entries.push(...append);
    if (meta !== undefined) this.meta = meta;
    if (reset === true) this.entries = [];
    this.entries = this.entries.filter(({ index }) => index > this.meta.compacted.index);
  }

  get lastIndex(): number {
    return this.entries.at(-1)?.index ?? this.meta.compacted.index;
  }

  stored(): Extract<StoredGroup, { status: 'healthy' }> {
    const termRuns: TermRun[] = [];
    for (const { index, term } of this.entries) {
      if (termRuns.at(-1)?.term !== term) termRuns.push({ index, term });
    }
    const { meta } = this;
    const configEntries = this.entries.filter(
      ({ type, index }) => type === 'config' && index > meta.confIndex,
    );
    const lastIndex = logIndex(this.lastIndex);
    return { status: 'healthy', group, meta, lastIndex, termRuns, configEntries };
  }
}
