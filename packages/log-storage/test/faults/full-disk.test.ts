import { expect, test } from '@jest/globals';
import { groupId, logIndex } from '@fastpaca/raft-core';
import { LogStore } from '../../src/index.js';
import { Child } from '../support/child.js';
import { bytes, text } from '../support/samples.js';
import { smallDisks } from '../support/small-disk.js';

for (const disk of smallDisks()) {
  test(`after a failed write (${disk.kind}) nothing more is taken, and nothing acknowledged is lost`, async () => {
    const child = new Child('./writer.ts', [disk.directory, '4', '1000'], disk.shell);
    expect(await child.line(/^failed/)).toBe('failed store_failed');
    const acked = child.acked;
    expect(acked).toBeGreaterThan(10);

    disk.free();
    child.tell('retry');
    await child.line(/^closed/);
    expect(child.lines.filter((line) => line.startsWith('retried'))).toEqual(
      new Array(5).fill('retried store_failed'),
    );
    await child.exited;

    const store = await LogStore.open(disk.directory);
    const found = await store.open();
    expect(found.map((stored) => stored.status)).toEqual(new Array(4).fill('healthy'));
    for (const stored of found) {
      const last = stored.status === 'healthy' ? stored.lastIndex : logIndex(0);
      expect(last).toBeGreaterThanOrEqual(acked);
      const read = await store.read(stored.group, logIndex(1), last, Number.MAX_SAFE_INTEGER);
      expect(read).toHaveLength(last);
      expect(text(store.keySpace(stored.group).get(bytes('count')))).toBe(String(last));
    }
    store.keySpace(groupId(0)).stage([{ type: 'put', key: bytes('count'), value: bytes('more') }]);
    await store.write([]);
    await store.close();
  });
}
