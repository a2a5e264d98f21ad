import { expect, test } from '@jest/globals';
import { createRandom, groupId, nodeId, systemClock } from '../../src/index.js';
import type { SnapshotSource } from '../../src/index.js';
import { settingsOf } from '../../src/host/defaults.js';
import { emptyStored, newMeta, openRuntime } from '../../src/host/group-factory.js';
import type { Runtime } from '../../src/host/runtime.js';
import { SnapshotDriver } from '../../src/host/snapshot-driver.js';
import { MemoryStorage } from '../../src/testing/index.js';
import { Counter } from './counter.js';

const peer = nodeId('b');

/** Copies are made when the test says so. */
class SlowCounter extends Counter {
  readonly copying = Promise.withResolvers<undefined>();
  copies = 0;
  released = 0;

  override async snapshot(): Promise<SnapshotSource> {
    this.copies += 1;
    await this.copying.promise;
    const release = (): Promise<void> => {
      this.released += 1;
      return Promise.resolve();
    };
    return { ...(await super.snapshot()), release };
  }
}

async function runtimeOf(machine: Counter, group: number): Promise<Runtime<number>> {
  const stateMachine = (): Counter => machine;
  const options = {
    nodeId: nodeId('a'),
    storage: new MemoryStorage(),
    stateMachine,
    onFatal: () => undefined,
  };
  const random = createRandom(1);
  const factory = { self: nodeId('a'), stateMachine, random, settings: settingsOf(options) };
  return openRuntime(factory, emptyStored(groupId(group), newMeta([nodeId('a'), peer], random)), 0);
}

/** Everything that promises set off has run. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a copy of a group that goes while it is made is released, and its place is free for another', async () => {
  const failures: unknown[] = [];
  const driver = new SnapshotDriver<number>({
    clock: systemClock,
    limits: settingsOf({
      nodeId: nodeId('a'),
      storage: new MemoryStorage(),
      stateMachine: () => new Counter(),
      onFatal: () => undefined,
      limits: { maxSnapshotSources: 1 },
    }).limits,
    touch: () => undefined,
    fatal: (error) => failures.push(error),
    restored: () => undefined,
  });
  const going = new SlowCounter();
  const gone = await runtimeOf(going, 0);
  driver.run(gone, { kind: 'send', to: peer, id: 1, offset: 0 });
  await turns();
  // What `destroyGroup` does.
  gone.destroyed = true;
  going.copying.resolve(undefined);
  await turns();
  expect([going.copies, going.released]).toEqual([1, 1]);

  const staying = new SlowCounter();
  driver.run(await runtimeOf(staying, 1), { kind: 'send', to: peer, id: 1, offset: 0 });
  await turns();
  expect(staying.copies).toBe(1);
  expect(failures).toEqual([]);
});
