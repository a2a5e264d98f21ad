import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { groupId, logIndex, nodeId, term } from '../../ids.js';
import {
  LogModel,
  entries,
  entry,
  everything,
  expectLog,
  g1,
  g2,
  jointConf,
  meta,
  plain,
} from './sample-log.js';
import { healthy } from './storage-place.js';
import type { Check } from './storage-place.js';

/** What every storage promises. */
export const always: Record<string, Check> = {
  'an empty place has no groups and takes an empty write': async (session) => {
    const { storage, found } = await session.open();
    deepEqual(found, []);
    await storage.write([]);
    equal(storage.stagedBytes(), 0);
    deepEqual((await session.open()).found, []);
  },

  'what a write has resolved for is there when the storage is opened anew': async (session) => {
    const { storage } = await session.open();
    const log = [...entries(1, 3, 1), ...entries(4, 6, 5)];
    const hardState = { term: term(7), vote: nodeId('ü-node'), commit: logIndex(4) };
    await storage.write([{ group: g1, meta: meta(7, { hardState }), append: log }]);
    await expectLog(storage, g1, log);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    deepEqual(stored.meta, meta(7, { hardState }));
    equal(stored.lastIndex, 6);
    await expectLog(again.storage, g1, log);
  },

  'meta is kept whole: every field comes back, and the last one written wins': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 5, 1) }]);
    const changed = meta(9, {
      hardState: { term: term(9), vote: nodeId('b'), commit: logIndex(5) },
      conf: jointConf,
      confIndex: logIndex(4),
      incarnation: 'a second – life',
      voteFrom: logIndex(77),
      compacted: { index: logIndex(2), term: term(1) },
    });
    await storage.write([{ group: g1, meta: changed }]);
    deepEqual(healthy((await session.open()).found, g1).meta, changed);
  },

  'terms and indexes beyond 32 bits survive': async (session) => {
    const { storage } = await session.open();
    const base = 2 ** 40;
    const big = meta(2 ** 45, { compacted: { index: logIndex(base), term: term(2 ** 41) } });
    const log = [entry(base + 1, 2 ** 42), entry(base + 2, 2 ** 45)];
    await storage.write([{ group: g1, meta: big, append: log }]);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    deepEqual(stored.meta, big);
    deepEqual(stored.termRuns, [
      { index: base + 1, term: 2 ** 42 },
      { index: base + 2, term: 2 ** 45 },
    ]);
    await expectLog(again.storage, g1, log);
  },

  'entry types and empty or large data come back as they were': async (session) => {
    const { storage } = await session.open();
    const log = [entry(1, 1, 0, 'noop'), entry(2, 1, 200_000), entry(3, 1, 1, 'config'), entry(4, 1, 0)];
    await storage.write([{ group: g1, meta: meta(1), append: log }]);
    await expectLog(storage, g1, log);
    await expectLog((await session.open()).storage, g1, log);
  },

  'truncate and append are one step, and nothing of the old suffix comes back': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 10, 1) }]);
    const tail = entries(4, 6, 2);
    await storage.write([{ group: g1, truncateFrom: logIndex(4), append: tail, meta: meta(2) }]);
    await expectLog(storage, g1, [...entries(1, 3, 1), ...tail]);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    equal(stored.lastIndex, 6);
    deepEqual(stored.termRuns, [
      { index: 1, term: 1 },
      { index: 4, term: 2 },
    ]);
    await expectLog(again.storage, g1, [...entries(1, 3, 1), ...tail]);
    const longer = entries(7, 12, 3);
    await again.storage.write([{ group: g1, meta: meta(3), append: longer }]);
    await expectLog((await session.open()).storage, g1, [...entries(1, 3, 1), ...tail, ...longer]);
  },

  'a truncation may leave nothing, and may be all that a write does': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 10, 1) }]);
    await storage.write([{ group: g1, truncateFrom: logIndex(1) }]);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    equal(stored.lastIndex, 0);
    deepEqual(stored.termRuns, []);
    await again.storage.write([{ group: g1, meta: meta(4), append: entries(1, 2, 4) }]);
    await expectLog((await session.open()).storage, g1, entries(1, 2, 4));
  },

  'one batch speaks for many groups': async (session) => {
    const { storage } = await session.open();
    const groups = Array.from({ length: 64 }, (_, at) => groupId(at));
    await storage.write(
      groups.map((group) => ({ group, meta: meta(group + 1), append: entries(1, group + 1, group + 1) })),
    );
    const { storage: again, found } = await session.open();
    equal(found.length, groups.length);
    for (const group of groups) {
      equal(healthy(found, group).lastIndex, group + 1);
      await expectLog(again, group, entries(1, group + 1, group + 1));
    }
  },

  'groups do not reach into each other': async (session) => {
    const { storage } = await session.open();
    await storage.write([
      { group: g1, meta: meta(1), append: entries(1, 9, 1) },
      { group: g2, meta: meta(2), append: entries(1, 5, 2) },
    ]);
    await storage.write([{ group: g1, destroy: true }]);
    const again = await session.open();
    deepEqual(
      again.found.map((stored) => stored.group),
      [g2],
    );
    await expectLog(again.storage, g2, entries(1, 5, 2));
  },

  'a destroyed group can be created anew, empty': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(3), append: entries(1, 9, 3) }]);
    await storage.write([{ group: g1, destroy: true }]);
    await storage.write([{ group: g1, meta: meta(1, { incarnation: 'second' }), append: entries(1, 2, 1) }]);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    equal(stored.meta.incarnation, 'second');
    equal(stored.lastIndex, 2);
    await expectLog(again.storage, g1, entries(1, 2, 1));
  },

  'compaction hides the prefix and keeps the rest': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 10, 1) }]);
    const compacted = { index: logIndex(6), term: term(1) };
    await storage.write([{ group: g1, meta: meta(1, { compacted }) }]);
    await rejects(storage.read(g1, logIndex(6), logIndex(8), everything));
    await expectLog(storage, g1, entries(7, 10, 1));
    const again = await session.open();
    const stored = healthy(again.found, g1);
    deepEqual(stored.termRuns, [{ index: 7, term: 1 }]);
    equal(stored.lastIndex, 10);
    await rejects(again.storage.read(g1, logIndex(1), logIndex(8), everything));
    await expectLog(again.storage, g1, entries(7, 10, 1));
  },

  'a log compacted to its end is empty at its base': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(3), append: entries(1, 4, 3) }]);
    const compacted = { index: logIndex(4), term: term(3) };
    await storage.write([{ group: g1, meta: meta(3, { compacted }) }]);
    const again = await session.open();
    const stored = healthy(again.found, g1);
    equal(stored.lastIndex, 4);
    deepEqual(stored.termRuns, []);
    await again.storage.write([{ group: g1, append: entries(5, 6, 3) }]);
    await expectLog((await session.open()).storage, g1, entries(5, 6, 3));
  },

  'a reset replaces the log by the base of a snapshot, ahead of it or inside it': async (session) => {
    const { storage } = await session.open();
    await storage.write([{ group: g1, meta: meta(1), append: entries(1, 10, 1) }]);
    const ahead = meta(5, { compacted: { index: logIndex(100), term: term(4) }, confIndex: logIndex(90) });
    await storage.write([{ group: g1, reset: true, meta: ahead }]);
    let again = await session.open();
    equal(healthy(again.found, g1).lastIndex, 100);
    deepEqual(healthy(again.found, g1).termRuns, []);
    await again.storage.write([{ group: g1, append: entries(101, 110, 5) }]);
    const inside = meta(6, { compacted: { index: logIndex(105), term: term(6) } });
    await again.storage.write([{ group: g1, reset: true, meta: inside, append: entries(106, 107, 6) }]);
    again = await session.open();
    const stored = healthy(again.found, g1);
    equal(stored.lastIndex, 107);
    deepEqual(stored.meta, inside);
    await expectLog(again.storage, g1, entries(106, 107, 6));
  },

  'a read is cut off at maxBytes, but gives at least one entry, and never a hole': async (session) => {
    const { storage } = await session.open();
    const log = entries(1, 20, 1, 100);
    await storage.write([{ group: g1, meta: meta(1), append: log }]);
    for (const maxBytes of [0, 1, 99, 100, 101, 450, 100_000]) {
      const got = await storage.read(g1, logIndex(3), logIndex(18), maxBytes);
      ok(got.length >= 1, `maxBytes ${maxBytes} gave nothing`);
      deepEqual(plain(got), plain(log.slice(2, 2 + got.length)));
      // Entries before the last stay under the limit; whether the one that reaches it is included,
      // and what is counted beside the data, is the storage's own choice.
      ok((got.length - 1) * 100 <= maxBytes, `maxBytes ${maxBytes} gave ${got.length} entries of 100 bytes`);
      if (maxBytes === 100_000) equal(got.length, 16);
    }
    deepEqual(plain(await storage.read(g1, logIndex(5), logIndex(5), everything)), plain([entry(5, 1, 100)]));
  },

  'open reports the config entries after confIndex and no others': async (session) => {
    const { storage } = await session.open();
    const log = [entry(1, 1, 4, 'config'), entry(2, 1), entry(3, 1, 5, 'config'), entry(4, 2, 6, 'config')];
    await storage.write([{ group: g1, meta: meta(2), append: log }]);
    let stored = healthy((await session.open()).found, g1);
    deepEqual(
      plain(stored.configEntries),
      plain([log[0], log[2], log[3]].filter((item) => item !== undefined)),
    );
    const { storage: again } = await session.open();
    await again.write([{ group: g1, meta: meta(2, { confIndex: logIndex(3), conf: jointConf }) }]);
    stored = healthy((await session.open()).found, g1);
    deepEqual(plain(stored.configEntries), plain(log.slice(3)));
  },

  'a truncated config entry is not reported': async (session) => {
    const { storage } = await session.open();
    await storage.write([
      { group: g1, meta: meta(1), append: [entry(1, 1), entry(2, 1, 4, 'config'), entry(3, 1)] },
    ]);
    await storage.write([{ group: g1, truncateFrom: logIndex(2), append: [entry(2, 2)], meta: meta(2) }]);
    deepEqual(healthy((await session.open()).found, g1).configEntries, []);
  },

  'many small writes, with truncations and compactions, end as a plain array would': async (session) => {
    let { storage } = await session.open();
    const model = new LogModel();
    for (let step = 0; step < 120; step += 1) {
      for (const write of model.step()) await storage.write([write]);
      if (model.draw(10) === 0) {
        const again = await session.open();
        storage = again.storage;
        equal(healthy(again.found, g1).lastIndex, model.base + model.log.length);
      }
      await expectLog(storage, g1, model.log);
    }
  },
};
