import { describe, expect, test } from '@jest/globals';
import { groupId, logIndex, nodeId, term } from '../../src/index.js';
import type { Entry, Message } from '../../src/index.js';
import { Cluster } from './cluster.js';

// Each of these is a defect that the simulator found. They are kept small and by hand, so that the
// reason stays readable when the seed that showed it leads elsewhere.

const [a, b, c, d] = [nodeId('a'), nodeId('b'), nodeId('c'), nodeId('d')];

const entry = (index: number, at: number, text: string): Entry => {
  return { index: logIndex(index), term: term(at), type: 'normal', data: Buffer.from(text) };
};

/** C missed five entries, which A and B have compacted away. */
function behind(): Cluster {
  const cluster = new Cluster('abc');
  cluster.elect('a');
  cluster.node('c').down = true;
  cluster.propose('a', 'p', 'q', 'r', 's', 't');
  cluster.settle();
  for (const name of ['a', 'b']) {
    const { group } = cluster.node(name);
    expect(group.compact(group.applied)).toBe(true);
  }
  cluster.settle();
  cluster.node('c').down = false;
  return cluster;
}

/** Lets two chunks of a snapshot reach C and no more. */
function halfInstalled(): Cluster {
  const cluster = behind();
  let chunks = 0;
  cluster.passes = (m) => m.type !== 'snapshot_chunk' || (chunks += 1) < 3;
  cluster.run(30);
  expect(cluster.node('c').group.installing).toBe(true);
  return cluster;
}

describe('a follower is never forgotten', () => {
  test('whose next entry is compacted away while its in-flight window is full (seed 18)', () => {
    const cluster = new Cluster('abc', { maxInflightMessages: 2, maxAppendBytes: 1 });
    const leader = cluster.elect('a');
    cluster.passes = (m) => !(m.type === 'append' && m.to === c);
    cluster.propose('a', 'p', 'q', 'r', 's');
    cluster.settle();
    expect(leader.group.compact(leader.group.applied)).toBe(true);
    cluster.heal();
    cluster.run(200);
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's']);
  });

  test('while it holds half a snapshot that its leader gave up in the same term (seed 1017)', () => {
    const cluster = halfInstalled();
    cluster.node('a').group.snapshotChunk(cluster.now, c, 1, null);
    cluster.heal();
    cluster.run(300);
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's', 't']);
  });

  test('that was started again amid a snapshot and gets its first chunk a second time (seed 311457)', () => {
    const cluster = behind();
    const chunks: Message[] = [];
    cluster.passes = (m) => m.type !== 'snapshot_chunk' || chunks.push(m) < 4;
    cluster.run(30);
    const [first] = chunks;
    if (first === undefined) throw new Error('no chunk');
    cluster.restart('c');
    cluster.passes = (m) => m.type !== 'snapshot_chunk';
    cluster.node('c').group.step(cluster.now, first);
    cluster.settle();
    expect(cluster.node('c').group.installing).toBe(true);
    cluster.heal();
    cluster.run(400);
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's', 't']);
  });

  test('while it holds half a snapshot of an earlier term of the same leader (seed 139)', () => {
    const cluster = halfInstalled();
    cluster.passes = (m) => m.to !== c;
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      cluster.node(from).group.transferLeadership(cluster.now, nodeId(to));
      cluster.settle();
    }
    expect(cluster.node('a').group).toMatchObject({ role: 'leader', term: 3 });
    cluster.heal();
    cluster.run(300);
    expect(cluster.node('c').applied).toEqual(['p', 'q', 'r', 's', 't']);
  });
});

function chunk(index: number, text: string): Message {
  const conf = { voters: [a, b, c], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  return {
    type: 'snapshot_chunk',
    group: groupId(7),
    from: a,
    to: c,
    term: term(1),
    id: 99,
    position: { index: logIndex(index), term: term(1), conf },
    offset: 0,
    data: Buffer.from(text),
    done: true,
    lastIndex: logIndex(index),
  };
}

describe('a snapshot and the log', () => {
  test('entries read from storage before a snapshot are not applied after it (seed 482)', () => {
    // With so small a cache the entries to be applied come from storage, one turn later.
    const cluster = new Cluster('abc', { cacheBytes: 1 });
    cluster.elect('a');
    cluster.propose('a', 'p', 'q');
    const node = cluster.node('c');
    const { group } = node;
    const entriesRead = group.entriesRead.bind(group);
    let read = false;
    group.entriesRead = (request, entries) => {
      read ||= request.purpose.kind === 'apply';
      entriesRead(request, entries);
    };
    for (let round = 0; round < 20 && !read; round += 1) {
      for (const each of cluster.nodes.values()) {
        if (!read) for (const message of each.work(cluster.now)) cluster.deliver(message);
      }
    }
    // The entries are here, and the next turn would hand them out.
    expect(read).toBe(true);
    expect(node.applied).toEqual([]);
    node.group.step(cluster.now, chunk(9, 'x'));
    for (let turn = 0; turn < 5; turn += 1) node.work(cluster.now);
    expect(node.applied).toEqual(['x']);
    expect(node.group.applied).toBe(9);
  });

  test('the log begins at a snapshot, durably, before the state machine is complete (seed 2420)', () => {
    const cluster = halfInstalled();
    const node = cluster.node('c');
    node.slowDisk = true;
    cluster.heal();
    cluster.run(300);
    expect(node.group.installing).toBe(true);
    // Everything has arrived, and nothing is written: the state machine is still incomplete.
    expect(node.disk.meta.compacted.index).toBe(0);
    expect(node.applied).toEqual([]);
    expect(node.group.applied).toBe(0);
    // The process dies right after that write: the log says that the state is missing, so it is asked for.
    node.sync();
    expect(node.disk.meta.compacted.index).toBe(6);
    node.slowDisk = false;
    cluster.restart('c');
    expect(node.group.lost).toBe('state');
    cluster.run(300);
    expect(node.applied).toEqual(['p', 'q', 'r', 's', 't']);
    expect(node.group.lost).toBe('none');
  });
});

test('no acknowledgement leaves for an entry that was replaced before it was written (seed 1511)', () => {
  const cluster = new Cluster('abc');
  const { group } = cluster.node('b');
  const append = (from: typeof a, at: number, entries: readonly Entry[]): Message => {
    const base = { group: groupId(7), from, to: b, term: term(at), prevIndex: logIndex(0) } as const;
    return { ...base, type: 'append', prevTerm: term(0), entries, commit: logIndex(0) };
  };
  group.step(0, append(a, 1, [entry(1, 1, 'x'), entry(2, 1, 'y')]));
  // Before the disk was given anything another leader replaces both by one.
  group.step(0, append(c, 2, [entry(1, 2, 'z')]));
  const persist = group.takePersist();
  expect(persist?.write?.append).toHaveLength(1);
  const accepted = (persist?.messagesAfterSync ?? []).flatMap((m) =>
    m.type === 'append_response' && m.outcome.kind === 'accepted' ? [[m.to, m.outcome.index]] : [],
  );
  expect(accepted).toEqual([[c, 1]]);
});

test('a replica that lost its log spends its vote in every term it may have voted in (seed 1823)', () => {
  const cluster = new Cluster('abcd');
  const leader = cluster.elect('a');
  cluster.propose('a', 'x');
  cluster.settle();
  // D runs in term 2 and has the vote of C on its way; nobody else has heard of that term.
  cluster.passes = (m) => m.from !== d && m.to !== d;
  const lateVote = { force: true, lastIndex: logIndex(9), lastTerm: term(1), session: 1 } as const;
  const base = { group: groupId(7), from: d, to: c, term: term(2) };
  cluster.node('d').group.step(cluster.now, {
    ...base,
    ...lateVote,
    type: 'vote_request',
    from: a,
    to: d,
    pre: false,
  });
  cluster.node('d').work(cluster.now);
  expect(cluster.node('d').group.term).toBe(2);
  cluster.node('c').group.step(cluster.now, { ...base, ...lateVote, type: 'vote_request', pre: false });
  cluster.node('c').work(cluster.now);
  expect(cluster.node('c').disk.meta.hardState).toMatchObject({ term: 2, vote: d });
  // C loses all that. While D cannot be asked, C believes no snapshot.
  cluster.restart('c', 'log');
  cluster.run(300);
  expect(leader.group.role).toBe('leader');
  expect(cluster.node('c').group).toMatchObject({ lost: 'log', installing: false });
  cluster.heal();
  cluster.until(() => cluster.node('c').group.lost === 'none');
  // Term 2 is over for it: the vote in it is spent, or a later term has come.
  const { hardState } = cluster.node('c').disk.meta;
  expect(hardState.term).toBeGreaterThanOrEqual(2);
  expect(hardState.vote).not.toBeNull();
});
