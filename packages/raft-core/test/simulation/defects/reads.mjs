export const readDefects = [
  {
    name: 'read-without-own-term-commit',
    breaks: 'a new leader answers reads before it knows what is committed (etcd#7331)',
    edits: [
      {
        file: 'group/read-index.ts',
        find: 'if (!ownTermCommitted(s) || s.rounds.length > 0) return;',
        replace: 'if (s.rounds.length > 0) return;',
      },
    ],
  },
  {
    name: 'read-without-quorum',
    breaks: 'a leader answers reads without asking whether it still leads',
    focus: { readShare: 0.6, faults: ['isolate', 'stale_leader', 'split'] },
    edits: [
      {
        file: 'group/read-index.ts',
        find: 'next !== undefined && next.round <= done',
        replace: 'next !== undefined && next.round <= done + 9_999',
      },
    ],
  },
  {
    name: 'read-rounds-share-a-number',
    breaks: 'an acknowledgement from before the read proves leadership for it (etcd#20418)',
    focus: { readShare: 0.6, faults: ['isolate', 'stale_leader', 'split'] },
    edits: [{ file: 'group/read-index.ts', find: '  s.round += 1;\n', replace: '' }],
  },
  {
    name: 'read-index-at-the-end',
    breaks: 'the read point is what this follower has committed, not what the leader had',
    edits: [
      {
        file: 'group/read-index.ts',
        find: 'release(s, m.index, request.reads);',
        replace: 'release(s, s.log.commit, request.reads);',
      },
    ],
  },
];
