export const membershipDefects = [
  {
    name: 'new-voter-forgets-itself',
    focus: { founders: 1, nodes: 2, calmMs: 300, faults: ['membership', 'crash', 'crash_all'] },
    breaks: 'a voter that is to go campaigns only where it has heard that it became one',
    edits: [
      {
        file: 'group/election.ts',
        find: 'isVoter(s.confs.previous, s.self);',
        replace: 'isVoter(s.confs.at(s.log.commit), s.self);',
      },
    ],
  },
  {
    name: 'config-applied-late',
    breaks: 'a configuration counts once it is committed, not once it is in the log (thesis 4.1, etcd#7280)',
    edits: [
      {
        file: 'group/commit.ts',
        find: 'quorumIndex(s.confs.current,',
        replace: 'quorumIndex(s.confs.at(s.log.commit),',
      },
      {
        file: 'group/election.ts',
        find: 'voteResult(s.confs.current, s.votes)',
        replace: 'voteResult(s.confs.at(s.log.commit), s.votes)',
      },
    ],
  },
  {
    name: 'joint-commits-with-new-majority',
    focus: { faults: ['membership', 'split'] },
    breaks: 'in a joint configuration the majority of the new half commits alone',
    edits: [
      {
        file: 'membership/quorum.ts',
        find: '  if (conf.votersOutgoing.length === 0) return incoming;\n  return Math.min(',
        replace: '  if (conf.voters.length > 0) return incoming;\n  return Math.min(',
      },
    ],
  },
  {
    name: 'joint-elects-with-new-majority',
    breaks: 'in a joint configuration the majority of the new half elects alone',
    focus: { faults: ['membership', 'isolate', 'split'] },
    edits: [
      {
        file: 'membership/quorum.ts',
        find: '  if (conf.votersOutgoing.length === 0) return incoming;\n  const outgoing',
        replace: '  if (conf.voters.length > 0) return incoming;\n  const outgoing',
      },
    ],
  },
  {
    name: 'no-joint-configuration',
    focus: { faults: ['membership', 'isolate', 'split'] },
    breaks: 'several voters change in one step',
    edits: [
      {
        file: 'membership/conf-change.ts',
        find: 'if (differing + leaving <= 1)',
        replace: 'if (differing + leaving <= 9)',
      },
    ],
  },
  {
    name: 'second-change-while-one-is-pending',
    breaks: 'a change is proposed while the one before is not committed',
    edits: [{ file: 'group/membership.ts', find: 's.confs.index > s.log.commit || ', replace: '' }],
  },
  {
    name: 'change-before-own-term-commit',
    breaks: "a new leader changes the members before it has committed in its term (Ongaro's bug)",
    edits: [
      {
        file: 'group/membership.ts',
        find: 'if (!ownTermCommitted(s) || s.confs.index',
        replace: 'if (s.confs.index',
      },
    ],
  },
  {
    name: 'truncation-keeps-config',
    focus: { thinkMs: 5, faults: ['membership', 'isolate'] },
    breaks: 'a configuration stays in force though its entry was truncated',
    edits: [{ file: 'group/follow.ts', find: '    s.confs.truncate(first.index);\n', replace: '' }],
  },
  {
    name: 'joint-configuration-never-left',
    focus: { faults: ['membership'] },
    breaks: 'the joint configuration is not left by itself',
    edits: [
      {
        file: 'group/membership.ts',
        find: 'if (isJoint(conf) && conf.autoLeave && ownTermCommitted(s)) {',
        replace: 'if (isJoint(conf) && conf.voters.length > 9) {',
      },
    ],
  },
];
