export const replicationDefects = [
  {
    name: 'commit-by-counting-earlier-terms',
    breaks: 'an entry of an earlier term is committed by counting replicas (figure 8)',
    edits: [
      { file: 'group/commit.ts', find: ' || s.log.termAt(index) !== s.term) return;', replace: ') return;' },
    ],
  },
  {
    name: 'leader-counts-itself-before-sync',
    breaks: 'a leader counts entries that its own disk does not hold yet (etcd#14370)',
    edits: [
      {
        file: 'group/commit.ts',
        find: 'return node === s.self ? s.log.stable :',
        replace: 'return node === s.self ? s.log.lastIndex :',
      },
    ],
  },
  {
    name: 'commit-from-unsorted-progress',
    breaks: 'the commit index is taken from match indexes in arrival order (openraft#1802)',
    edits: [{ file: 'membership/quorum.ts', find: '.sort((a, b) => b - a)', replace: '' }],
  },
  {
    name: 'half-is-a-majority',
    breaks: 'half of an even number of voters commits',
    edits: [
      {
        file: 'membership/quorum.ts',
        find: 'return values[Math.floor(voters.length / 2)] ?? 0;',
        replace: 'return values[Math.floor((voters.length - 1) / 2)] ?? 0;',
      },
    ],
  },
  {
    name: 'ack-before-sync',
    breaks: 'a follower acknowledges before its disk has the entries (etcd#14140)',
    edits: [
      {
        file: 'group/follow.ts',
        find: '  s.out.afterSync.push({',
        replace: '  s.out.now.push({',
      },
    ],
  },
  {
    name: 'aba-ignored',
    breaks: 'the completion of a write vouches for entries that were replaced meanwhile',
    focus: { faults: ['slow_disk', 'hang_disk', 'isolate', 'split', 'stale_leader'] },
    edits: [
      {
        file: 'log/raft-log.ts',
        find: '    for (const write of this.#inFlight) write.index = logIndex(Math.min(write.index, last));\n',
        replace: '',
      },
    ],
  },
  {
    name: 'truncate-and-append-in-two-batches',
    breaks: 'a conflicting suffix is removed in one batch and replaced in the next',
    edits: [
      {
        file: 'log/raft-log.ts',
        find: '    const truncateFrom = this.#truncateFrom;\n    this.#truncateFrom = null;\n',
        replace:
          '    const truncateFrom = this.#truncateFrom;\n    this.#truncateFrom = null;\n    if (truncateFrom !== null) {\n      this.#inFlight = [...this.#inFlight, { seq, index: this.handed }];\n      return { append: [], truncateFrom };\n    }\n',
      },
    ],
  },
  {
    name: 'late-append-truncates',
    breaks: 'an append that repeats what is there cuts off what came after it (5.3)',
    edits: [
      {
        file: 'group/follow.ts',
        find: '    if (!s.log.matches(entry.index, entry.term)) break;\n',
        replace: '    break;\n',
      },
    ],
  },
  {
    name: 'append-without-check',
    breaks: 'a follower appends without comparing the entry before (5.3)',
    edits: [
      {
        file: 'group/follow.ts',
        find: 'if (!s.log.matches(m.prevIndex, m.prevTerm)) {',
        replace: 'if (m.prevIndex > s.log.lastIndex) {',
      },
    ],
  },
  {
    name: 'heartbeat-commits-unmatched',
    breaks: 'a heartbeat carries the commit index without regard to what the follower holds',
    edits: [
      {
        file: 'group/replicate.ts',
        find: 'export function sendHeartbeats(s: GroupState): void {\n  for (const progress of s.progress.all) {\n    const commit = progress.knownUpTo(s.log.commit);',
        replace:
          'export function sendHeartbeats(s: GroupState): void {\n  for (const progress of s.progress.all) {\n    const commit = s.log.commit;',
      },
    ],
  },
  {
    name: 'stale-terms-heard',
    breaks: 'messages of an earlier term are taken for those of the current one (5.1)',
    edits: [{ file: 'group/step.ts', find: 'if (m.term < s.term) {', replace: 'if (m.term < s.term - 1) {' }],
  },
  {
    name: 'term-not-persisted',
    breaks: 'a later term that was heard of is not written',
    edits: [
      {
        file: 'group/persist.ts',
        find: 'hardState: { term: s.term,',
        replace: 'hardState: { term: s.log.lastTerm,',
      },
    ],
  },
];
