import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

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
