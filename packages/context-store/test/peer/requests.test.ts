import { randomFillSync } from 'node:crypto';

import { nodeId } from '@fastpaca/raft-core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { PeerLimits } from '../../src/peer/options.js';
import type { PeerError } from '../../src/peer/peer-error.js';
import { PeerNode, until } from '../support/peer-node.js';

const MiB = 1024 * 1024;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const never = (): Promise<Uint8Array> => new Promise(() => undefined);

let a: PeerNode;
let b: PeerNode;
const pair = async (limits: Partial<PeerLimits> = {}): Promise<void> => {
  a = await PeerNode.start({ id: 'a', limits });
  b = await PeerNode.start({ id: 'b', seeds: [a.seed], limits });
  await until('both lanes', () =>
    [a, b].every(({ network }) => network.status().peers[0]?.lanes.bulk.connected === true),
  );
  await until('announcements', () => a.peerNames.length === 1 && b.peerNames.length === 1);
};
afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

const ask = (method: string, payload: Uint8Array, deadlineMs = 10_000): Promise<Uint8Array> =>
  a.network.request(nodeId('b'), method, payload, { deadlineMs });
/** What a request that must fail fails with. */
const failure = (request: Promise<Uint8Array>): Promise<PeerError> =>
  request.then(
    () => {
      throw new Error('It was answered.');
    },
    (error: unknown) => error as PeerError,
  );

describe('requests', () => {
  beforeEach(() => pair());

  test('each gets its own answer, whatever the order in which they come', async () => {
    b.network.handle('slow-first', async (payload, from, deadlineMs) => {
      const number = Number(Buffer.from(payload).toString());
      if (number % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return bytes(`${number} ${from} ${deadlineMs}`);
    });
    const numbers = Array.from({ length: 200 }, (_, at) => at);
    const answers = await Promise.all(numbers.map((number) => ask('slow-first', bytes(`${number}`))));
    expect(answers.map((answer) => Buffer.from(answer).toString())).toEqual(
      numbers.map((number) => `${number} a 10000`),
    );
  });

  test('a request and an answer of 17 MiB arrive whole, and short ones pass them', async () => {
    const big = randomFillSync(Buffer.alloc(17 * MiB));
    const order: string[] = [];
    b.network.handle('big', (payload) => {
      order.push('big');
      return Promise.resolve(payload);
    });
    b.network.handle('small', (payload) => {
      order.push('small');
      return Promise.resolve(payload);
    });
    const answer = ask('big', big);
    await Promise.all([1, 2, 3].map(() => ask('small', bytes('x'))));
    expect(big.equals(await answer)).toBe(true);
    expect(order).toEqual(['small', 'small', 'small', 'big']);
  });

  test('what a handler throws is told, as is a method that nobody handles', async () => {
    b.network.handle('fail', () => Promise.reject(new Error('not today')));
    expect(await failure(ask('fail', bytes('')))).toMatchObject({
      code: 'peer_refused',
      message: 'not today',
    });
    expect(await failure(ask('nothing', bytes('')))).toMatchObject({
      code: 'peer_refused',
      message: 'Nothing handles nothing here.',
    });
  });

  test('none waits beyond its deadline, and both sides forget it', async () => {
    b.network.handle('hang', never);
    expect(await failure(ask('hang', bytes(''), 200))).toMatchObject({
      code: 'peer_timeout',
      notDelivered: false,
    });
    expect(await failure(ask('hang', bytes(''), 0))).toMatchObject({ code: 'peer_unreachable' });
    const idle = ({ network }: PeerNode): boolean =>
      network.status().peers.every(({ requesting, serving }) => requesting + serving === 0);
    await until('nothing is waited for or worked on', () => idle(a) && idle(b));
  });

  test('a connection that breaks ends what may have been delivered as lost', async () => {
    let arrived = false;
    b.network.handle('hang', () => {
      arrived = true;
      return never();
    });
    const lost = failure(ask('hang', bytes('')));
    await until('the request arrives', () => arrived);
    a.cut();
    expect(await lost).toMatchObject({ code: 'peer_lost', notDelivered: false });
    expect(await failure(ask('hang', bytes('')))).toMatchObject({
      code: 'peer_unreachable',
      notDelivered: true,
    });
  });

  test('a node that is not there is unreachable', async () => {
    const request = a.network.request(nodeId('c'), 'x', bytes(''), { deadlineMs: 1_000 });
    expect(await failure(request)).toMatchObject({ code: 'peer_unreachable', notDelivered: true });
  });
});

describe('limits of requests', () => {
  /** Asks so many times at once; the answers come once those that fail have failed. */
  const askUntilFailed = async (times: number, failing: number): Promise<readonly (string | null)[]> => {
    let failed = 0;
    let answer = (): void => undefined;
    const released = new Promise<void>((resolve) => (answer = resolve));
    b.network.handle('wait', async () => {
      handled += 1;
      await released;
      return bytes('');
    });
    const ends = Array.from({ length: times }, () =>
      ask('wait', bytes(''), 60_000).then(
        () => null,
        (error: unknown) => {
          failed += 1;
          return (error as PeerError).code;
        },
      ),
    );
    await until('some fail', () => failed === failing);
    await until('the others are handled', () => handled === times - failing);
    answer();
    return Promise.all(ends);
  };
  let handled = 0;
  beforeEach(() => {
    handled = 0;
  });

  test('beyond what a peer works on at once they were certainly not handled', async () => {
    await pair({ maxServing: 4 });
    const ends = await askUntilFailed(6, 2);
    expect(ends).toEqual([null, null, null, null, 'peer_overloaded', 'peer_overloaded']);
    expect(handled).toBe(4);
  });

  test('beyond what may wait for a peer they are not sent', async () => {
    await pair({ maxRequests: 2 });
    expect(await askUntilFailed(3, 1)).toEqual([null, null, 'peer_overloaded']);
    expect(handled).toBe(2);
  });

  test('a payload or an answer over the limit is refused in words', async () => {
    await pair({ maxPayloadBytes: 100_000 });
    b.network.handle('grow', () => Promise.resolve(new Uint8Array(100_001)));
    expect(await failure(ask('grow', new Uint8Array(100_001)))).toMatchObject({
      code: 'peer_refused',
      message: 'A request has at most 100000 bytes, this one has 100001.',
    });
    expect(await failure(ask('grow', bytes('')))).toMatchObject({
      code: 'peer_refused',
      message: 'The answer has 100001 bytes, at most 100000 are sent.',
    });
    b.network.handle('grow', () => Promise.resolve(new Uint8Array(100_000)));
    expect(await ask('grow', new Uint8Array(100_000))).toHaveLength(100_000);
  });
});
