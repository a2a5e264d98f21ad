import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupId, logIndex, term } from '@fastpaca/raft-core';
import type { GroupId, GroupWrite } from '@fastpaca/raft-core';
import { LogStore } from '../src/index.js';
import { copyStore, newDirectory } from './support/directories.js';
import { entry, meta } from './support/samples.js';

const groups = [groupId(0), groupId(1), groupId(300)];
const everything = Number.MAX_SAFE_INTEGER;

type Step =
  | { readonly type: 'append'; readonly group: number; readonly count: number; readonly size: number }
  | { readonly type: 'truncate'; readonly group: number; readonly keep: number; readonly count: number }
  | { readonly type: 'compact'; readonly group: number; readonly share: number }
  | { readonly type: 'reset'; readonly group: number; readonly ahead: number }
  | { readonly type: 'destroy'; readonly group: number }
  | { readonly type: 'put' | 'del'; readonly group: number; readonly key: number; readonly value: number }
  | { readonly type: 'delRange'; readonly group: number; readonly key: number; readonly length: number }
  | {
      readonly type: 'restore';
      readonly group: number;
      readonly keys: readonly number[];
      readonly finish: boolean;
    }
  | { readonly type: 'write' | 'pause' | 'reopen' | 'crash' };

const group = fc.integer({ min: 0, max: groups.length - 1 });
const key = fc.integer({ min: 0, max: 30 });
const small = fc.integer({ min: 0, max: 6 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('append'), group, count: small, size: fc.nat(400) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('truncate'), group, keep: small, count: small }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('compact'), group, share: fc.integer({ min: 0, max: 10 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset'), group, ahead: small }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('destroy'), group }) },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constantFrom('put', 'del'), group, key, value: fc.nat(1000) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delRange'), group, key, length: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('restore'),
      group,
      keys: fc.array(key, { maxLength: 8 }),
      finish: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('write', 'write', 'write', 'write', 'write', 'pause') }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('reopen', 'crash') }) },
);

interface ModelGroup {
  exists: boolean;
  base: number;
  last: number;
  at: number;
  keys: Map<string, string>;
  durableKeys: Map<string, string>;
}

/** What a plain array and a plain map would hold. */
class Model {
  readonly groups: ModelGroup[] = groups.map(() => ({
    exists: false,
    base: 0,
    last: 0,
    at: 1,
    keys: new Map(),
    durableKeys: new Map(),
  }));

  at(n: number): ModelGroup {
    const found = this.groups[n];
    if (found === undefined) throw new RangeError(`No group ${n}.`);
    return found;
  }

  written(): void {
    for (const one of this.groups) one.durableKeys = new Map(one.keys);
  }

  lost(): void {
    for (const one of this.groups) one.keys = new Map(one.durableKeys);
  }
}

function keyBytes(n: number): Uint8Array {
  return Buffer.from(`k${String(n).padStart(2, '0')}`);
}

function keyText(n: number): string {
  return `k${String(n).padStart(2, '0')}`;
}

class Run {
  readonly model = new Model();
  directory = newDirectory();
  store: LogStore | null = null;

  get open(): LogStore {
    if (this.store === null) throw new Error('The store is not open.');
    return this.store;
  }

  async start(): Promise<void> {
    this.store = await LogStore.open(this.directory, { writeBufferBytes: 64 << 10 });
    const found = await this.store.open();
    const expected = this.model.groups.flatMap((one, n) =>
      one.exists
        ? [
            {
              group: groups[n],
              status: 'healthy',
              lastIndex: one.last,
              meta: { compacted: { index: one.base } },
            },
          ]
        : [],
    );
    expect(found).toMatchObject(expected);
    expect(found).toHaveLength(expected.length);
  }

  async write(n: number, write: Omit<GroupWrite, 'group'>): Promise<void> {
    const one = this.model.at(n);
    const id = groups[n] as GroupId;
    const compacted = { index: logIndex(one.base), term: term(one.base === 0 ? 0 : 1) };
    const withMeta = write.destroy === true ? {} : { meta: meta(1_000, { compacted }) };
    await this.open.write([{ group: id, ...withMeta, ...write }]);
    this.model.written();
  }

  async step(next: Step): Promise<void> {
    switch (next.type) {
      case 'append': {
        const one = this.model.at(next.group);
        one.exists = true;
        const append = Array.from({ length: next.count }, (_, n) => entry(one.last + 1 + n, 1, next.size));
        one.last += next.count;
        return this.write(next.group, { append });
      }
      case 'truncate': {
        const one = this.model.at(next.group);
        if (!one.exists || one.last === one.base) return;
        const from = Math.min(one.base + 1 + next.keep, one.last);
        const append = Array.from({ length: next.count }, (_, n) => entry(from + n, 1, 50));
        one.last = from - 1 + next.count;
        return this.write(next.group, { truncateFrom: logIndex(from), append });
      }
      case 'compact': {
        const one = this.model.at(next.group);
        if (!one.exists) return;
        one.base += Math.floor(((one.last - one.base) * next.share) / 10);
        return this.write(next.group, {});
      }
      case 'reset': {
        const one = this.model.at(next.group);
        one.exists = true;
        one.base = Math.max(1, one.last - 3 + next.ahead);
        one.last = one.base;
        return this.write(next.group, { reset: true });
      }
      case 'destroy': {
        const one = this.model.at(next.group);
        Object.assign(one, { exists: false, base: 0, last: 0 });
        one.keys.clear();
        return this.write(next.group, { destroy: true });
      }
      case 'put':
      case 'del':
      case 'delRange':
        return this.stage(next);
      case 'restore':
        return this.restore(next);
      case 'write':
        await this.open.write([]);
        this.model.written();
        return;
      case 'pause':
        // Long enough for a batch that the store makes by itself.
        return new Promise((resolve) => setTimeout(resolve, 60));
      case 'reopen':
      case 'crash':
        await this.end(next.type);
        return this.start();
    }
  }

  stage(next: Extract<Step, { type: 'put' | 'del' | 'delRange' }>): void {
    const space = this.open.keySpace(groups[next.group] as GroupId);
    const { keys } = this.model.at(next.group);
    if (next.type === 'delRange') {
      const end = next.key + next.length;
      space.stage([{ type: 'delRange', gte: keyBytes(next.key), lt: keyBytes(end) }]);
      for (let n = next.key; n < end; n += 1) keys.delete(keyText(n));
    } else if (next.type === 'put') {
      const [key, value] = [keyBytes(next.key), Buffer.from(String(next.value))];
      const late = { type: 'putLate', key, bytes: value.length, encode: () => value } as const;
      space.stage([next.value % 2 === 0 ? late : { type: 'put', key, value }]);
      keys.set(keyText(next.key), String(next.value));
    } else {
      space.stage([{ type: 'del', key: keyBytes(next.key) }]);
      keys.delete(keyText(next.key));
    }
  }

  restore(next: Extract<Step, { type: 'restore' }>): void {
    const restore = this.open.keySpace(groups[next.group] as GroupId).beginRestore();
    restore.put(next.keys.map((n) => [keyBytes(n), Buffer.from(`r${n}`)]));
    if (!next.finish) return;
    restore.finish();
    this.model.at(next.group).keys = new Map(next.keys.map((n) => [keyText(n), `r${n}`]));
  }

  /** A reopen and a crash both lose what no write took. */
  async end(how: 'reopen' | 'crash'): Promise<void> {
    const old = this.open;
    if (how === 'crash') {
      const image = newDirectory();
      copyStore(this.directory, image);
      this.directory = image;
    }
    await old.close();
    this.model.lost();
  }

  async check(): Promise<void> {
    for (const [n, id] of groups.entries()) {
      const one = this.model.at(n);
      const expected = [...one.keys].sort(([a], [b]) => (a < b ? -1 : 1));
      const space = this.open.keySpace(id);
      const pairs = await space.rangeArray({});
      expect(pairs.map(([k, v]) => [Buffer.from(k).toString(), Buffer.from(v).toString()])).toEqual(expected);
      const reversed = await space.rangeArray({ reverse: true, limit: 5 });
      expect(reversed.map(([k]) => Buffer.from(k).toString())).toEqual(
        expected
          .map(([k]) => k)
          .reverse()
          .slice(0, 5),
      );
      for (const [k, v] of expected.slice(0, 3))
        expect(Buffer.from(space.get(Buffer.from(k)) ?? []).toString()).toBe(v);
      if (one.last === one.base) continue;
      const entries = await this.open.read(id, logIndex(one.base + 1), logIndex(one.last), everything);
      expect(entries.map(({ index }) => index)).toEqual(
        Array.from({ length: one.last - one.base }, (_, at) => one.base + 1 + at),
      );
      for (const { index, data } of entries)
        expect(Buffer.from(entry(index, 1, data.length).data).equals(data)).toBe(true);
    }
  }
}

test('any sequence of writes, stages, restores, reopens and crashes ends as plain arrays and maps would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const run = new Run();
      await run.start();
      for (const next of steps) {
        await run.step(next);
        await run.check();
      }
      await run.open.close();
    }),
    { numRuns: 60 },
  );
}, 120_000);
