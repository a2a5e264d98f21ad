import { groupId, logIndex, nodeId, term } from '@fastpaca/raft-core';
import type { Message } from '@fastpaca/raft-core';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BeatPupil, BeatTeacher } from '../../src/peer/link/beats.js';
import type { Abridged } from '../../src/peer/link/beats.js';
import { againBody, readAgain } from '../../src/peer/wire/beat-bodies.js';
import { PeerNode, until } from '../support/peer-node.js';

const route = { from: nodeId('a'), to: nodeId('b') };

const heartbeat = (group: number, commit = 7, round = 0): Message => ({
  ...route,
  type: 'heartbeat',
  group: groupId(group),
  term: term(3),
  commit: logIndex(commit),
  round,
});

const answer = (group: number, round = 0, incarnation = 'first'): Message => ({
  ...route,
  type: 'heartbeat_response',
  group: groupId(group),
  term: term(3),
  round,
  incarnation,
});

const notice = (group: number): Message => ({
  ...route,
  type: 'commit_notice',
  group: groupId(group),
  term: term(3),
  commit: logIndex(9),
});

const groups = (count: number): number[] => Array.from({ length: count }, (_, group) => group);
const idle = (): Message[] => groups(86).map((group) => heartbeat(group));

/** What the peer makes of it. */
function heard(pupil: BeatPupil, { again, lesson, rest }: Abridged): Message[] {
  const recalled = again.flatMap((each) => pupil.recall(readAgain(againBody(each))));
  if (lesson !== null) pupil.learn(lesson, lesson.beats);
  return [...recalled, ...(lesson?.beats ?? []), ...rest];
}

const sorted = (messages: readonly Message[]): string[] =>
  messages.map((message) => JSON.stringify(message, Object.keys(message).sort())).sort();

describe('beats of idle groups', () => {
  test('are told once and named afterwards', () => {
    const teacher = new BeatTeacher();
    const first = teacher.abridge(idle());
    expect(first.lesson?.beats).toHaveLength(86);
    const second = teacher.abridge(idle());
    expect(second).toMatchObject({ lesson: null, rest: [] });
    expect(second.again.map((each) => againBody(each).length)).toEqual([13]);
  });

  test('leave out a group that has something else to say', () => {
    const [teacher, pupil] = [new BeatTeacher(), new BeatPupil()];
    heard(pupil, teacher.abridge(idle()));
    const turn = [heartbeat(0, 8), ...idle().slice(1), notice(5)];
    const abridged = teacher.abridge(turn);
    expect(abridged.rest).toEqual([heartbeat(0, 8), notice(5)]);
    expect(sorted(heard(pupil, abridged))).toEqual(sorted(turn));
  });

  test('of a few groups that changed are told once as well', () => {
    const teacher = new BeatTeacher();
    teacher.abridge(idle());
    const turn = [heartbeat(0, 8), ...idle().slice(1)];
    expect(teacher.abridge(turn).rest).toEqual([heartbeat(0, 8)]);
    expect(teacher.abridge(turn).lesson?.beats).toEqual([heartbeat(0, 8)]);
    expect(teacher.abridge(turn)).toMatchObject({ lesson: null, rest: [] });
  });

  test('that changed a few at a time are told together in the end, and push no others out', () => {
    const [teacher, pupil] = [new BeatTeacher(), new BeatPupil()];
    const beatsOf = (changed: number): Message[] =>
      groups(86).map((group) => heartbeat(group, group < changed ? 8 : 7));
    const answersOf = (changed: number): Message[] =>
      groups(86).map((group) => answer(group, group < changed ? 1 : 0));
    for (let changed = 0; changed <= 86; changed += 9) {
      heard(pupil, teacher.abridge(beatsOf(changed)));
      heard(pupil, teacher.abridge(answersOf(changed)));
    }
    const idleTurns = [beatsOf(86), answersOf(86)];
    for (const turn of [...idleTurns, ...idleTurns]) heard(pupil, teacher.abridge(turn));
    for (const turn of idleTurns) {
      const abridged = teacher.abridge(turn);
      expect(abridged).toMatchObject({ lesson: null, rest: [] });
      expect(sorted(heard(pupil, abridged))).toEqual(sorted(turn));
    }
  });

  test('are told anew after the peer may have missed some', () => {
    const teacher = new BeatTeacher();
    teacher.abridge(idle());
    teacher.forget();
    expect(teacher.abridge(idle()).lesson?.beats).toHaveLength(86);
  });

  test('that are said twice in one turn arrive twice', () => {
    const [teacher, pupil] = [new BeatTeacher(), new BeatPupil()];
    const sent = [...idle(), heartbeat(3), heartbeat(4)];
    for (const turn of [1, 2, 3]) {
      expect([turn, sorted(heard(pupil, teacher.abridge(sent)))]).toEqual([turn, sorted(sent)]);
    }
  });

  test('are the very messages that were sent in that turn, or none, whatever is lost, late or twice', () => {
    const message = fc.oneof(
      fc.record({ group: fc.nat(30), commit: fc.nat(2), round: fc.nat(1) }).map((of) => {
        return heartbeat(of.group, of.commit, of.round);
      }),
      fc
        .record({ group: fc.nat(30), round: fc.nat(1), incarnation: fc.constantFrom('one', 'two') })
        .map((of) => answer(of.group, of.round, of.incarnation)),
      fc.nat(30).map(notice),
    );
    const turn = fc.array(message, { minLength: 1, maxLength: 80 });
    const fate = fc.constantFrom('arrives', 'arrives', 'lost', 'late', 'twice', 'told as lost');
    fc.assert(
      fc.property(fc.array(fc.tuple(turn, fate), { maxLength: 40 }), (turns) => {
        const [teacher, pupil] = [new BeatTeacher(), new BeatPupil()];
        const held: [readonly Message[], Abridged][] = [];
        let whole = true;
        const arrive = (sent: readonly Message[], abridged: Abridged): void => {
          const known = new Set(sorted(sent));
          const got = sorted(heard(pupil, abridged));
          if (whole) expect(got).toEqual(sorted(sent));
          else for (const each of got) expect(known).toContain(each);
        };
        for (const [sent, way] of turns) {
          if (way === 'told as lost') teacher.forget();
          const abridged = teacher.abridge(sent);
          if (way === 'lost') whole = false;
          else if (way === 'late') {
            whole = false;
            held.push([sent, abridged]);
          } else {
            arrive(sent, abridged);
            if (way === 'twice') arrive(sent, abridged);
          }
        }
        for (const [sent, abridged] of held) arrive(sent, abridged);
      }),
      { numRuns: 100 },
    );
  });
});

describe('over a link', () => {
  const nodes: PeerNode[] = [];
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
  });

  /** Two nodes, and what the second got. */
  async function pair(versions?: { min: number; max: number }): Promise<[PeerNode, PeerNode, Message[]]> {
    const b = await PeerNode.start({ id: 'b' });
    const a = await PeerNode.start({ id: 'a', seeds: [b.seed], ...(versions && { versions }) });
    nodes.push(a, b);
    const got: Message[] = [];
    const nothing = (): void => undefined;
    const receive = (_: unknown, messages: readonly Message[]): void => void got.push(...messages);
    await b.network.transport.open({ receive, peerDown: nothing, unreachable: nothing });
    await a.network.transport.open({ receive: nothing, peerDown: nothing, unreachable: nothing });
    await until('both are connected', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    return [a, b, got];
  }

  async function beat(a: PeerNode, got: Message[]): Promise<void> {
    got.length = 0;
    a.network.transport.send(nodeId('b'), idle(), 'control');
    await until('all beats are there', () => got.length >= 86);
    expect(sorted(got)).toEqual(sorted(idle()));
  }

  test('they arrive as they were sent, in a few bytes', async () => {
    const [a, , got] = await pair();
    await beat(a, got);
    const sent = (): number => a.network.status().peers[0]?.lanes.control.sentBytes ?? 0;
    const before = sent();
    await beat(a, got);
    // Pings and announcements may fall in between.
    expect(sent() - before).toBeLessThan(500);
  });

  test('they are told anew over a new connection', async () => {
    const [a, b, got] = await pair();
    await beat(a, got);
    b.cut();
    await until('the link is lost', () => a.peerNames.length === 0);
    b.mend();
    await until('both are connected', () => a.peerNames.length === 1 && b.peerNames.length === 1);
    await beat(a, got);
    await beat(a, got);
  });

  test('a peer of the release before gets them as it knows them', async () => {
    const [a, , got] = await pair({ min: 1, max: 1 });
    await beat(a, got);
    await beat(a, got);
  });
});
