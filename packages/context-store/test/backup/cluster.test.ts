import { expect, test } from '@jest/globals';

import { backupOf, contextTexts, inPieces } from '../support/backup-lines.js';
import { ClusterBench } from '../support/cluster-bench.js';
import { everythingOf } from '../support/everything-of.js';
import { text } from '../support/group-bench.js';
import { StoreBench } from '../support/open-store.js';

test('a backup of one node restores into five, though a node leaves meanwhile, and back from any of them', async () => {
  const from = await StoreBench.open({ groups: 4 });
  const cluster = await ClusterBench.create({ size: 5 }, { groups: 10 });
  try {
    await cluster.startAll('a', 'b', 'c', 'd', 'e');
    for (let number = 0; number < 40; number += 1) {
      const id = `context-${number}`;
      await from.store.put(id, { metadata: { number } });
      await from.store.append(id, [text(`hello ${id}`, { id: 'm' }), text('…', { role: 'assistant' })]);
    }
    await from.store.put('large', { tokenBudget: 100_000 });
    for (let batch = 0; batch < 8; batch += 1) {
      await from.store.append('large', [text('x'.repeat(300_000), { tokenCount: 10 })]);
    }
    const backup = await backupOf(from.store);
    const stopping: Promise<void>[] = [];
    async function* whileOneLeaves(): AsyncGenerator<Uint8Array> {
      for await (const piece of inPieces(backup, 100_000)) {
        yield piece;
        if (stopping.length === 0) stopping.push(cluster.stop('c'));
      }
    }
    // No node has all groups: most of what it takes goes over the links.
    const report = await cluster.store('a').import(whileOneLeaves());
    await Promise.all(stopping);
    expect(report).toMatchObject({ imported: 41, conflictCount: 0, messages: 88 });
    expect(await everythingOf(cluster.store('b'))).toEqual(await everythingOf(from.store));
    expect(contextTexts(await backupOf(cluster.store('e')))).toEqual(contextTexts(backup));
    expect(await cluster.store('d').import(inPieces(backup, 100_000))).toMatchObject({
      unchanged: 41,
      messages: 0,
    });
  } finally {
    await cluster.close();
    await from.close();
  }
}, 120_000);
