import { groupId, nodeId, term } from '@fastpaca/raft-core';
import { expect, test } from '@jest/globals';

import { Leaderships, type Leadership } from '../../src/routing/leaderships.js';

const group = groupId(3);
const led = (node: string, since: number): Leadership => ({ node: nodeId(node), term: term(since) });

test('of two leaders the one of the later term is right, in whatever order they are heard of', () => {
  const leaderships = new Leaderships();
  leaderships.learn(group, led('b', 4));
  leaderships.learn(group, led('a', 3));
  expect(leaderships.of(group)).toEqual(led('b', 4));
  expect(leaderships.of(groupId(4))).toBeNull();
});

test('a term without a leader ends what was known of it and of earlier ones, not of later ones', () => {
  const leaderships = new Leaderships();
  leaderships.learn(group, led('a', 5));
  leaderships.forget(group, term(4));
  expect(leaderships.of(group)).toEqual(led('a', 5));
  leaderships.forget(group, term(5));
  expect(leaderships.of(group)).toBeNull();
  leaderships.learn(group, led('a', 5));
  expect(leaderships.of(group)).toEqual(led('a', 5));
});

test('who waits for another leader of a group is woken by one, and not by an older one', async () => {
  const leaderships = new Leaderships();
  leaderships.learn(group, led('a', 5));
  let woken = false;
  const waiting = leaderships.changed(group, 60_000).then(() => (woken = true));
  leaderships.learn(group, led('b', 4));
  leaderships.learn(groupId(9), led('b', 6));
  await Promise.resolve();
  expect(woken).toBe(false);
  leaderships.learn(group, led('b', 6));
  await waiting;
});

test('who waits for a leader that does not come goes on after its time', async () => {
  const leaderships = new Leaderships();
  await leaderships.changed(group, 5);
  expect(leaderships.of(group)).toBeNull();
});
