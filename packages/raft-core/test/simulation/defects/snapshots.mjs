export const snapshotDefects = [
  {
    name: 'snapshot-keeps-stale-membership',
    focus: { faults: ['membership', 'isolate', 'crash'], compactEvery: 3, chunkBytes: 64 },
    breaks: 'an installed snapshot leaves the old configuration in force (openraft#1808)',
    edits: [
      {
        file: 'group/snapshot-receive.ts',
        find: '  s.confs.reset(position.index, position.conf);\n',
        replace: '',
      },
    ],
  },
  {
    name: 'snapshot-carries-newest-membership',
    focus: { faults: ['membership', 'isolate', 'crash'], compactEvery: 3, chunkBytes: 64 },
    breaks: 'a snapshot is sent with the configuration in force, not the one at its index',
    edits: [
      {
        file: 'group/snapshot-send.ts',
        find: 'conf: s.confs.at(chunk.index) }',
        replace: 'conf: s.confs.current }',
      },
    ],
  },
  {
    name: 'snapshot-chunks-unchecked',
    focus: { compactEvery: 3, chunkBytes: 64, duplicate: 0.1, faults: ['isolate', 'crash'] },
    breaks: 'a repeated chunk is taken for the next one',
    edits: [
      {
        file: 'group/snapshot-receive.ts',
        find: 'if (m.offset !== install.offset) {',
        replace: 'if (m.offset > install.offset) {',
      },
    ],
  },
  {
    name: 'old-snapshot-installed',
    focus: {
      ...{ compactEvery: 3, chunkBytes: 4_096, duplicate: 0.3, straggle: 0.2 },
      faults: ['isolate', 'cut_pair'],
    },
    breaks: 'a snapshot from before the commit index replaces the log',
    edits: [
      {
        file: 'group/snapshot-receive.ts',
        find: 'if (!needsSnapshot(s) && isNotNeeded(s, m)) return;',
        replace: '',
      },
      {
        file: 'group/snapshot-receive.ts',
        find: 'if (m.position.index < s.log.compacted.index) {',
        replace: 'if (m.position.index < 0) {',
      },
    ],
  },
  {
    name: 'stale-read-applied-after-snapshot',
    focus: {
      ...{ compactEvery: 3, chunkBytes: 4_096, paddingBytes: 200, tight: true, turnMs: 50 },
      faults: ['isolate', 'cut_pair'],
    },
    breaks: 'entries that were read before a snapshot are applied after it',
    edits: [
      { file: 'group/snapshot-receive.ts', find: '  s.applyRead = null;\n', replace: '' },
      {
        file: 'group/apply.ts',
        find: "  assert(entries[0]?.index === from, 'entries are applied in order, each once');\n",
        replace: '',
      },
    ],
  },
  {
    name: 'install-outlives-its-leader',
    breaks:
      'a follower with a half-received snapshot ignores the appends of its leader, also in a later term',
    edits: [
      {
        file: 'group/follow.ts',
        find: '  // Also while a snapshot is being received:',
        replace: '  if (s.install?.leader === m.from) return;\n  // Also while a snapshot is being received:',
      },
    ],
  },
  {
    name: 'compaction-passes-in-flight',
    focus: { compactEvery: 3, tight: true, faults: ['isolate', 'one_way', 'cut_pair', 'flap'] },
    breaks: 'a follower whose next entry was compacted away while appends were in flight is forgotten',
    edits: [
      {
        file: 'group/replicate.ts',
        find: "if (progress.state !== 'snapshot' && progress.next <= s.log.compacted.index) {",
        replace: 'if (!progress.isPaused(s.limits) && progress.next <= s.log.compacted.index) {',
      },
    ],
  },
];
