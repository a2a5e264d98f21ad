import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mock } from 'node:test';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';

import { Connection } from '../../src/peer/lane/connection.js';
import { LaneQueue } from '../../src/peer/lane/lane-queue.js';
import { Parcel } from '../../src/peer/wire/parcel.js';

const limits = {
  maxRaftBytes: 1 << 20,
  maxPayloadBytes: 1 << 20,
  maxPayloads: 10,
  maxStreams: 1,
  maxStreamBytes: 1 << 20,
};
const frame = new Uint8Array(10);
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection to a websocket that takes everything. */
class Wire {
  readonly queue = new LaneQueue(limits);
  readonly counters = { sentBytes: 0, receivedBytes: 0, sentFrames: 0, receivedFrames: 0 };

  private constructor(
    private readonly server: WebSocketServer,
    private readonly socket: WebSocket,
    readonly connection: Connection,
  ) {
    const events = { unit: () => undefined, closed: () => undefined };
    connection.open(this.queue, this.counters, events, []);
  }

  static async open(): Promise<Wire> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(socket, 'open');
    return new Wire(server, socket, new Connection(socket, true));
  }

  raft(): void {
    this.queue.raft(frame, false);
  }

  /** Websocket messages that have left since the last call, after a few passes of the event loop. */
  async sent(): Promise<number> {
    for (let pass = 0; pass < 5; pass += 1) await immediate();
    const { sentFrames } = this.counters;
    this.counters.sentFrames = 0;
    return sentFrames;
  }

  async close(): Promise<void> {
    this.socket.terminate();
    for (const client of this.server.clients) client.terminate();
    this.server.close();
    await once(this.server, 'close');
  }
}

describe('what waits on a connection', () => {
  let wire: Wire;

  beforeEach(async () => {
    wire = await Wire.open();
    mock.timers.enable({ apis: ['setTimeout'] });
  });

  afterEach(async () => {
    mock.timers.reset();
    await wire.close();
  });

  test('leaves after the turn, in one message, whatever asked for it', async () => {
    wire.raft();
    wire.connection.flushAfterTurn();
    wire.queue.payload(new Parcel('request', frame, frame));
    wire.connection.flushAfterLoop();
    wire.raft();
    wire.connection.flushSoon();
    expect(await wire.sent()).toBe(1);
    mock.timers.tick(100);
    expect(await wire.sent()).toBe(0);
  });

  test('a request goes with what a turn sends whose immediate stands behind its own', async () => {
    wire.queue.payload(new Parcel('request', frame, frame));
    wire.connection.flushAfterLoop();
    setImmediate(() => {
      wire.raft();
      wire.connection.flushAfterTurn();
    });
    expect(await wire.sent()).toBe(1);
  });

  test('a request leaves by itself where no turn follows', async () => {
    wire.queue.payload(new Parcel('request', frame, frame));
    wire.connection.flushAfterLoop();
    expect(await wire.sent()).toBe(1);
  });

  test('what nobody waits for goes with what comes next, or after 4 ms', async () => {
    wire.raft();
    wire.connection.flushSoon();
    expect(await wire.sent()).toBe(0);
    wire.raft();
    wire.connection.flushAfterTurn();
    expect(await wire.sent()).toBe(1);
    wire.raft();
    wire.connection.flushSoon();
    expect(await wire.sent()).toBe(0);
    mock.timers.tick(4);
    expect(await wire.sent()).toBe(1);
  });
});
