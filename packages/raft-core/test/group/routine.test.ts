import { describe, expect, test } from '@jest/globals';
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

describe('an answer to a heartbeat', () => {
  test('of a follower that has everything leaves nothing to do', () => {
    const { cluster, a } = idle();
    for (const answer of heldAnswers(cluster)) {
      a.group.step(cluster.now, answer);
      expect(a.group.wasRoutine(answer)).toBe(true);
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
    expect(a.group.wasRoutine(answer)).toBe(false);
  });

  test('that ends a round of reads, or comes while reads wait for one, is looked at', () => {
    const { cluster, a } = idle();
    a.group.readIndex(1);
    const answers = heldAnswers(cluster);
    a.group.readIndex(2);
    for (const answer of answers) {
      a.group.step(cluster.now, answer);
      expect(a.group.wasRoutine(answer)).toBe(false);
    }
    cluster.heal();
    cluster.run(20);
    expect(a.readyReads).toEqual([1, 2]);
  });
});
