import { rename } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { NodeFile } from '../../src/index.js';
import { ClusterBench, until } from '../support/cluster-bench.js';

describe('three nodes', () => {
  let bench: ClusterBench;
  beforeEach(async () => {
    bench = await ClusterBench.create();
  });
  afterEach(async () => {
    expect(bench.failures).toEqual([]);
    await bench.close();
  });

  test('form one cluster, with every group on each of them and leaders evenly spread', async () => {
    const stores = await bench.startAll('c', 'a', 'b');
    for (const { cluster } of stores) {
      expect(cluster.nodes().map(({ name, standing }) => [name, standing])).toEqual([
        ['a', 'able'],
        ['b', 'able'],
        ['c', 'able'],
      ]);
    }
    const led = () => stores.map((store) => store.status().groups.leader).sort();
    await until(
      () => led().join() === '2,3,3',
      () => `even leaders, not ${led().join()}`,
    );
  });

  test('go on after one has stopped, and take it back with its data', async () => {
    await bench.startAll('a', 'b', 'c');
    await bench.stop('a');
    await bench.ready('b', 'c');
    await bench.start('a');
    await bench.ready('a', 'b', 'c');
    expect(bench.store('a').cluster.nodes()).toHaveLength(3);
  });
});

describe('a node that cannot keep on disk what it is is told of as fatal, and ends no process', () => {
  let bench: ClusterBench;
  beforeEach(async () => {
    bench = await ClusterBench.create();
  });
  afterEach(async () => {
    await until(
      () => bench.failures.length > 0,
      () => 'the failure of a',
    );
    expect(bench.failures).toMatchObject([{ code: 'ENOENT' }]);
    await rename(`${bench.directory('a')}.away`, bench.directory('a'));
    await bench.close();
  });
  const takeDiskAway = () => rename(bench.directory('a'), `${bench.directory('a')}.away`);

  test('where it promises itself to a new cluster', async () => {
    await bench.start('a');
    await takeDiskAway();
    await Promise.all([bench.start('b'), bench.start('c')]);
  });

  test('where a cluster has taken it in', async () => {
    await bench.startAll('b', 'c', 'd');
    const { self } = NodeFile.open(bench.directory('a'), { name: 'a', groups: 8 });
    for (const store of bench.stores.values()) bench.peers.disconnect(self.id, store.cluster.self);
    await bench.start('a');
    await takeDiskAway();
    bench.peers.heal();
  });
});
