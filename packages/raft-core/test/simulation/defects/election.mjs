export const electionDefects = [
  {
    name: 'vote-not-persisted',
    breaks: 'the vote is not in the hard state: after a crash the replica votes again (hashicorp/raft#661)',
    edits: [
      {
        file: 'group/persist.ts',
        find: 'hardState: { term: s.term, vote: s.vote,',
        replace: 'hardState: { term: s.term, vote: null,',
      },
    ],
  },
  {
    name: 'vote-before-sync',
    breaks: 'votes leave before they are durable',
    edits: [
      {
        file: 'group/election.ts',
        find: '(m.pre ? s.out.now : s.out.afterSync).push({',
        replace: 's.out.now.push({',
      },
    ],
  },
  {
    name: 'candidacy-before-sync',
    breaks: 'a candidate asks for votes before its own term and vote are durable',
    edits: [
      {
        file: 'group/election.ts',
        find: 'const box = pre ? s.out.now : s.out.afterSync;',
        replace: 'const box = s.out.now;',
      },
    ],
  },
  {
    name: 'own-vote-before-sync',
    breaks: 'a candidate counts its own vote before it is durable',
    edits: [
      {
        file: 'group/election.ts',
        find: '  s.ownVote = { term: s.term, seq: null };\n',
        replace: '  s.votes.set(s.self, true);\n  if (decide(s)) return;\n',
      },
    ],
  },
  {
    name: 'two-votes-per-term',
    breaks: 'a replica votes for whoever asks, also a second time in a term',
    edits: [
      {
        file: 'group/election.ts',
        find: 'const free = s.vote === m.from || (s.vote === null && s.leader === null);',
        replace: 'const free = true;',
      },
    ],
  },
  {
    name: 'pre-vote-resets-vote',
    breaks: 'a pre-vote request makes the voter forget whom it voted for (canonical/raft#196)',
    edits: [
      {
        file: 'group/election.ts',
        find: '  if (m.pre) {\n',
        replace: '  if (m.pre) {\n    s.vote = null;\n',
      },
    ],
  },
  {
    name: 'pre-votes-count-as-votes',
    breaks: 'answers to a pre-vote count in the election that follows',
    edits: [
      {
        file: 'group/election.ts',
        find: "if (m.requestTerm !== s.term || s.role !== (m.pre ? 'pre_candidate' : 'candidate')) return;",
        replace:
          "if (m.requestTerm + (m.pre && s.role === 'candidate' ? 1 : 0) !== s.term) return;\n  if (s.role !== 'pre_candidate' && s.role !== 'candidate') return;",
      },
    ],
  },
  {
    name: 'vote-ignores-log',
    breaks: 'votes and pre-votes go to a candidate whose log is behind (5.4.1)',
    edits: [
      {
        file: 'log/raft-log.ts',
        find: 'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);',
        replace: 'return lastTerm >= 0 && lastIndex >= 0;',
      },
    ],
  },
  {
    name: 'up-to-date-by-length',
    focus: { compactEvery: 0, faults: ['stale_leader', 'split', 'crash'] },
    breaks: 'the longer log wins, whatever the term of its last entry (5.4.1)',
    edits: [
      {
        file: 'log/raft-log.ts',
        find: 'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);',
        replace: 'return lastIndex >= this.lastIndex;',
      },
    ],
  },
  {
    name: 'vote-kept-across-terms',
    breaks: 'a new term does not free the vote: nobody is ever elected again',
    edits: [{ file: 'group/election.ts', find: '    s.vote = null;\n', replace: '' }],
  },
  {
    name: 'damaged-replica-votes',
    breaks: 'a replica that lost its log votes before it has again what it acknowledged (FAST 2018)',
    edits: [
      {
        file: 'group/state.ts',
        find: "return this.lost !== 'log' && this.log.stable >= this.voteFrom;",
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'removed-leader-gives-up',
    focus: { calmMs: 700, faults: ['membership', 'isolate', 'crash'] },
    breaks: 'a leader whose own removal is not committed does not campaign (thesis 4.2.2)',
    edits: [
      {
        file: 'group/election.ts',
        find: 'return s.confs.index > s.log.commit && isVoter(s.confs.previous, s.self);',
        replace: 'return false;',
      },
    ],
  },
];
