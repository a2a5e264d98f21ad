import { describe, expect, test } from '@jest/globals';
import { term as toTerm } from '../../src/index.js';
import type { Message } from '../../src/index.js';
import { Cluster } from './cluster.js';
import type { Node } from './cluster.js';

/** Answers to the heartbeats of the next intervals, which did not reach the leader. */
function heldAnswers(cluster: Cluster): Message[] {
  const held: Message[] = [];
  cluster.passes = (message) => {
    if (message.type !== 'heartbeat_response') return true;
    held.push(message);
    return false;
  };
  cluster.run(30);
  expect(held.length).toBeGreaterThan(0);
  return held;
}

function idle(): { readonly cluster: Cluster; readonly a: Node } {
  const cluster = new Cluster('abc');
  const a = cluster.elect('a');
  cluster.propose('a', 'x');
  cluster.settle();
  cluster.run(20);
  return { cluster, a };
}

/** A has proposed; the acknowledgements of B and C have not reached it. */
function acknowledged(cluster: Cluster, a: Node): Message[] {
  const held: Message[] = [];
  cluster.passes = (message) => {
    if (message.type !== 'append_response') return true;
    held.push(message);
    return false;
  };
  a.group.propose(Buffer.from('y'));
  cluster.settle();
  cluster.heal();
  expect(held.map(({ from }) => from)).toEqual(['b', 'c']);
  return held;
}

describe('an acknowledgement', () => {
  test('that commits is looked at, and one of what is committed and said leaves nothing to do', () => {
    const { cluster, a } = idle();
    const [first, second] = acknowledged(cluster, a);
    if (first === undefined || second === undefined) throw new Error('no acknowledgements');
    a.group.step(cluster.now, first);
    expect(a.group.takeRoutine(first)).toBeNull();
    cluster.settle();
    // What is committed goes with the next append, to both.
    a.group.propose(Buffer.from('z'));
    a.group.ready();
    a.group.step(cluster.now, second);
    expect(a.group.takeRoutine(second)).toEqual([]);
    expect(a.group.ready()).toMatchObject({ messagesNow: [], committed: [], again: false });
  });

  test('of what is committed and not said yet is looked at', () => {
    const { cluster, a } = idle();
    for (const answer of acknowledged(cluster, a)) {
      a.group.step(cluster.now, answer);
      expect(a.group.takeRoutine(answer)).toBeNull();
    }
  });

  test('that commits what this disk does not hold leaves nothing to do until it does', () => {
    const { cluster, a } = idle();
    a.slowDisk = true;
    for (const answer of acknowledged(cluster, a)) {
      a.group.step(cluster.now, answer);
      expect(a.group.takeRoutine(answer)).toEqual([]);
    }
    expect(a.group.commit).toBe(a.group.lastIndex);
    expect(a.group.ready()).toMatchObject({ messagesNow: [], committed: [], again: false });
    a.slowDisk = false;
    cluster.settle();
    expect(cluster.node('b').applied).toEqual(['x', 'y']);
  });
});

describe('an answer to a heartbeat', () => {
  test('of a follower that has everything leaves nothing to do', () => {
    const { cluster, a } = idle();
    for (const answer of heldAnswers(cluster)) {
      a.group.step(cluster.now, answer);
      expect(a.group.takeRoutine(answer)).toEqual([]);
      expect(a.group.ready()).toMatchObject({
        messagesNow: [],
        committed: [],
        readStates: [],
        entryReads: [],
        snapshots: [],
      });
      expect(a.group.wantsPersist()).toBe(false);
    }
  });

  test('of a follower that lacks something is looked at', () => {
    const { cluster, a } = idle();
    const [answer] = heldAnswers(cluster);
    a.group.propose(Buffer.from('y'));
    if (answer === undefined) throw new Error('no answer');
    a.group.step(cluster.now, answer);
    expect(a.group.takeRoutine(answer)).toBeNull();
  });

  test('that ends a round of reads, or comes while reads wait for one, is looked at', () => {
    const { cluster, a } = idle();
    a.group.readIndex(1);
    const answers = heldAnswers(cluster);
    a.group.readIndex(2);
    for (const answer of answers) {
      a.group.step(cluster.now, answer);
      expect(a.group.takeRoutine(answer)).toBeNull();
    }
    cluster.heal();
    cluster.run(20);
    expect(a.readyReads).toEqual([1, 2]);
  });
});

describe('a heartbeat', () => {
  test('is sent past a turn where nothing else is to be done, and so is its answer', () => {
    const { cluster, a } = idle();
    const b = cluster.node('b');
    const sent: Message[] = [];
    // One of two intervals has none.
    for (const _ of [1, 2]) {
      cluster.now += 10;
      a.group.tick(cluster.now);
      sent.push(...(a.group.takeRoutine(null) ?? []));
    }
    expect(sent.map(({ type, to }) => [type, to])).toEqual([
      ['heartbeat', 'b'],
      ['heartbeat', 'c'],
    ]);
    const [toB] = sent;
    if (toB === undefined) throw new Error('no heartbeat');
    b.group.step(cluster.now, toB);
    expect(b.group.takeRoutine(toB)).toEqual([
      expect.objectContaining({ type: 'heartbeat_response', to: 'a' }),
    ]);
    expect([b.group.ready().messagesNow, b.group.wantsPersist()]).toEqual([[], false]);
  });

  test('that says of a commit, of a later term, or in an election, takes a turn', () => {
    const { cluster, a } = idle();
    const b = cluster.node('b');
    cluster.passes = ({ type }) => type !== 'commit_notice';
    a.group.propose(Buffer.from('y'));
    cluster.settle();
    // After the first interval none is sent: entries were acknowledged in it.
    cluster.run(10);
    cluster.now += 10;
    a.group.tick(cluster.now);
    const [toB] = a.group.ready().messagesNow;
    if (toB?.type !== 'heartbeat') throw new Error('no heartbeat');
    b.group.step(cluster.now, toB);
    expect(b.group.takeRoutine(toB)).toBeNull();
    const later = { ...toB, term: toTerm(toB.term + 1) };
    b.group.step(cluster.now, later);
    expect(b.group.takeRoutine(later)).toBeNull();
    a.group.tick(cluster.now + 1_000);
    expect(a.group.role).not.toBe('leader');
    expect(a.group.takeRoutine(null)).toBeNull();
  });
});
