import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import type { PendingContext } from '@fastpaca/archiver';
import { groupId, nodeId } from '@fastpaca/raft-core';

import { LedGroups } from '../../src/archive/led-groups.js';
import { LocalArchiveSource } from '../../src/archive/local-archive-source.js';
import { appendCommand } from '../../src/command/build-command.js';
import { encodeCommand } from '../../src/command/command-codec.js';
import type { Command } from '../../src/command/command.js';
import { contextId } from '../../src/context/context-id.js';
import { groupOf } from '../../src/group/group-of.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import { Replica } from '../../src/replica/replica.js';
import type { GroupMachine } from '../../src/state/group-machine.js';
import { estimator, putCommandOf, text } from '../support/group-bench.js';

const all = Array.from({ length: 4 }, (_, n) => groupId(n));
const names = Array.from({ length: 12 }, (_, n) => `context-${n}`);

describe('what a node is to archive', () => {
  let directory: string;
  let replica: Replica;
  let source: LocalArchiveSource;
  let leads = true;
  beforeEach(async () => {
    leads = true;
    directory = await mkdtemp(join(tmpdir(), 'archive-source-'));
    replica = await Replica.open({
      store: {
        directory,
        estimator,
        onFatal: (error) => {
          throw error;
        },
      },
      self: nodeId('a'),
      groups: all.length,
      onChange: () => undefined,
      onLeader: () => undefined,
      onFacts: () => undefined,
    });
    await replica.foundGroups(all.map((group) => ({ group, voters: [replica.self] })));
    await replica.awaitLeaders();
    const groups = new LedGroups({
      groups: all.length,
      machine: (group) => replica.machine(group),
      proposeTo: (group, data, deadlineMs) => replica.proposeTo(group, data, deadlineMs),
      groupStatus: (group) => {
        const status = replica.groupStatus(group);
        return leads || status === null ? status : { ...status, role: 'follower' };
      },
    });
    source = new LocalArchiveSource(groups, { tailKeep: 0, now: () => 5_000 });
  });
  afterEach(async () => {
    await replica.close();
    await rm(directory, { recursive: true, force: true });
  });

  const propose = async (command: Command): Promise<void> => {
    const group = groupOf(command.id, all.length);
    expect(await replica.proposeTo(group, encodeCommand(command), 5_000)).toMatchObject({
      kind: 'committed',
    });
  };
  const machineOf = (name: string): GroupMachine => {
    const machine = replica.machine(groupOf(contextId(name), all.length));
    if (machine === null) throw new Error('The group is not here.');
    return machine;
  };
  const append = async (name: string, count: number, at = 1_000): Promise<void> => {
    const messages = Array.from({ length: count }, (_, n) => text(`${name} ${n}`));
    const prepared = await prepareMessages(messages, estimator, at);
    await propose(appendCommand(contextId(name), at, messages, prepared, {}));
  };
  const create = (name: string) => propose(putCommandOf(name));
  const erase = (name: string) => propose({ type: 'erase', id: contextId(name), at: 1 });
  const round = async (limit: number, between?: () => Promise<void>): Promise<PendingContext[]> => {
    const found: PendingContext[] = [];
    let after: string | null = null;
    for (;;) {
      const page = await source.pending({ after, limit });
      if (page.contexts.length === 0) return found;
      expect(page.contexts.length).toBeLessThanOrEqual(limit);
      found.push(...page.contexts);
      after = page.next;
      await between?.();
    }
  };
  const whole = { maxRows: 1_000, maxBytes: 1 << 20 };
  const recordOf = (name: string) => machineOf(name).context(contextId(name))?.record;
  const only = async (): Promise<PendingContext> => {
    const [context, ...others] = await round(100);
    if (context === undefined || others.length > 0) throw new Error('There is not one context.');
    return context;
  };

  test.each([1, 5, 100])(
    'comes once in a round of pages of %s, though all of it goes on growing',
    async (limit) => {
      for (const name of names) await create(name);
      for (const name of names) await append(name, 2);
      let turn = 0;
      const found = await round(limit, async () => {
        const contexts = await Promise.all(names.map((name) => Promise.resolve(recordOf(name))));
        const name = names[turn++ % names.length] ?? '';
        await source.acknowledge([{ contextId: name, life: lifeOf(contexts[names.indexOf(name)]), seq: 1 }]);
        await append(name, 1);
      });
      const ids = found.map((context) => context.contextId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.sort()).toEqual([...names].sort());
    },
  );

  test('says since when it waits, also after a part was archived', async () => {
    await create('demo');
    await append('demo', 1, 1_000);
    await append('demo', 1, 2_000);
    const context = await only();
    expect(context).toMatchObject({ archivedSeq: 0, lastSeq: 2, pendingSince: 1_000 });
    await source.acknowledge([{ ...context, seq: 1 }]);
    expect(await only()).toMatchObject({ archivedSeq: 1, lastSeq: 2, pendingSince: 2_000 });
  });

  test('is read in order within its bounds, at least one message at a time', async () => {
    await create('demo');
    await append('demo', 5);
    const context = await only();
    const seqs = async (range: object): Promise<number[]> =>
      (await source.read(context, { fromSeq: 2, toSeq: 4, ...whole, ...range })).map(({ seq }) => seq);
    expect(await seqs({})).toEqual([2, 3, 4]);
    expect(await seqs({ maxRows: 2 })).toEqual([2, 3]);
    expect(await seqs({ maxBytes: 1 })).toEqual([2]);
  });

  test('is done once it is acknowledged; a group says that it is archived before the first of its messages', async () => {
    await create('demo');
    await append('demo', 3);
    const machine = machineOf('demo');
    expect(machine.isArchiving()).toBe(false);
    const context = await only();
    expect(machine.isArchiving()).toBe(true);
    const acknowledgement = { ...context, seq: 3 };
    expect(await source.acknowledge([acknowledgement])).toEqual([acknowledgement]);
    expect(await round(100)).toEqual([]);
    expect(recordOf('demo')).toMatchObject({ archivedSeq: 3, version: 1 });
  });

  test('is trimmed in as many commands as it takes', async () => {
    await create('demo');
    for (let n = 0; n < 3; n += 1) await append('demo', 1_000);
    await propose({
      type: 'compact',
      id: contextId('demo'),
      at: 1,
      ifVersion: null,
      upToSeq: null,
      messages: [],
    });
    await source.acknowledge([{ ...(await only()), seq: 3_000 }]);
    expect(recordOf('demo')?.archive.localFrom).toBe(3_001);
  });

  test('is withheld while an earlier life of the id waits for its erasure', async () => {
    await create('demo');
    await append('demo', 1);
    const first = await only();
    await erase('demo');
    await create('demo');
    await append('demo', 1);
    expect(await round(100)).toEqual([]);
    expect(await source.acknowledge([{ ...first, seq: 1 }])).toEqual([]);
    expect(await source.read(first, { fromSeq: 1, toSeq: 1, ...whole })).toEqual([]);
    const [erasure] = await source.erasures({ limit: 10 });
    expect(erasure).toEqual({ contextId: 'demo', life: first.life });
    if (erasure !== undefined) await source.erased(erasure);
    expect(await source.erasures({ limit: 10 })).toEqual([]);
    const second = await only();
    expect(second.life).not.toBe(first.life);
  });

  test('is nothing where another node leads', async () => {
    await create('demo');
    await append('demo', 1);
    const context = await only();
    await create('gone');
    await append('gone', 1);
    await erase('gone');
    leads = false;
    expect(await source.pending({ after: null, limit: 10 })).toEqual({ contexts: [], next: null });
    expect(await source.read(context, { fromSeq: 1, toSeq: 1, ...whole })).toEqual([]);
    expect(await source.acknowledge([{ ...context, seq: 1 }])).toEqual([]);
    expect(await source.erasures({ limit: 10 })).toEqual([]);
    expect(recordOf('demo')?.archivedSeq).toBe(0);
  });
});

const lifeOf = (record: { createdAt: number; ordinal: number } | undefined): string =>
  `${record?.createdAt.toString(36)}-${record?.ordinal.toString(36)}`;
