import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, test } from '@jest/globals';
import type { NodeId } from '@fastpaca/raft-core';
import fc from 'fast-check';

import type { SeenNode } from '../../src/cluster/formation.js';
import { FormationDriver, type JoinAnswer } from '../../src/cluster/formation-driver.js';
import { NodeFile } from '../../src/cluster/node-file.js';

/** A process over a data directory; a crash leaves only the file. */
interface Process {
  readonly file: NodeFile;
  readonly driver: FormationDriver;
  /** What others can hear, as it was announced last: never more than is durable. */
  said: SeenNode | null;
  readonly joins: { readonly clusterId: string; readonly answer: (answer: JoinAnswer) => void }[];
}

/** A crash in the midst of a step: the phase is durable, and nobody heard of it. */
class Crash extends Error {}

/** Drivers over real files. What reaches whom, and when, is up to the test. */
class World {
  readonly root = mkdtempSync(path.join(tmpdir(), 'formation-'));
  readonly names: readonly string[];
  readonly clusters = new Set<string>();
  readonly #size: number;
  readonly #processes = new Map<string, Process>();
  readonly #heard = new Map<string, Map<string, SeenNode>>();
  #crashNext = false;
  #ids = 0;

  constructor(count: number, size: number) {
    this.names = ['a', 'b', 'c', 'd', 'e'].slice(0, count);
    this.#size = size;
  }

  start(name: string): void {
    if (this.#processes.has(name)) return;
    const file = NodeFile.open(path.join(this.root, name), { name });
    this.#heard.set(name, new Map());
    const joins: Process['joins'] = [];
    const driver = new FormationDriver({
      node: file,
      size: this.#size,
      newClusterId: () => `cluster-${(this.#ids += 1)}`,
      hasLooked: () => true,
      seen: () => [...(this.#heard.get(name)?.values() ?? [])],
      announce: () => {
        if (file.phase.kind === 'member') this.clusters.add(file.phase.clusterId);
        if (this.#crashNext) throw new Crash();
        this.#say(name);
      },
      join: (clusterId) => new Promise((answer) => joins.push({ clusterId, answer })),
      onMember: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    });
    this.#processes.set(name, { file, driver, said: null, joins });
    this.#say(name);
  }

  crash(name: string): void {
    if (!this.#processes.delete(name)) return;
    for (const heard of this.#heard.values()) heard.delete(name);
  }

  /** Drives a node once; with `crash`, it ends right after its next phase became durable. */
  step(name: string, crash: boolean): void {
    const process = this.#processes.get(name);
    if (process === undefined) return;
    this.#crashNext = crash;
    try {
      process.driver.step();
      this.#say(name);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crash(name);
    } finally {
      this.#crashNext = false;
    }
  }

  hear(listener: string, speaker: string): void {
    const said = this.#processes.get(speaker)?.said;
    if (listener !== speaker && said != null) this.#heard.get(listener)?.set(speaker, said);
  }

  lose(listener: string, speaker: string): void {
    this.#heard.get(listener)?.delete(speaker);
  }

  /** Members take in whoever asked. */
  async answerJoins(): Promise<void> {
    for (const { joins } of this.#processes.values()) {
      for (const { answer } of joins.splice(0)) answer({ kind: 'taken_in' });
    }
    await new Promise(setImmediate);
  }

  async settle(): Promise<void> {
    for (const name of this.names) this.start(name);
    for (let round = 0; round < 40; round += 1) {
      for (const listener of this.names) for (const speaker of this.names) this.hear(listener, speaker);
      for (const name of this.names) this.step(name, false);
      await this.answerJoins();
    }
  }

  phases(): readonly string[] {
    return this.names.map((name) => {
      const phase = this.#processes.get(name)?.file.phase;
      return phase?.kind === 'member' ? phase.clusterId : (phase?.kind ?? 'down');
    });
  }

  reason(name: string): string | null {
    return this.#processes.get(name)?.driver.reason ?? null;
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #say(name: string): void {
    const process = this.#processes.get(name);
    if (process === undefined) return;
    const { self, revision, phase } = process.file;
    const sees = [...(this.#heard.get(name)?.values() ?? [])].map(({ id }): NodeId => id);
    process.said = { ...self, size: this.#size, revision, phase, sees };
  }
}

describe('nodes that look for each other', () => {
  test('started one after the other, form a cluster once enough see each other', async () => {
    const world = new World(3, 3);
    world.start('c');
    world.step('c', false);
    expect(world.reason('c')).toBe('Waiting for 3 new nodes to see each other; here are 1: c.');
    world.start('b');
    world.hear('c', 'b');
    world.step('c', false);
    expect(world.reason('c')).toContain('here are 2: b, c');
    await world.settle();
    expect(new Set(world.phases())).toEqual(new Set(['cluster-' + world.phases()[0]?.split('-')[1]]));
    expect(world.reason('c')).toBeNull();
    world.close();
  });

  const node = fc.nat(4);
  const event = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('hear' as const), node, node) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('step' as const), node, node) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('step and crash' as const), node, node) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('start' as const), node, node) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('crash' as const), node, node) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('lose' as const), node, node) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('take in' as const), node, node) },
  );

  test.each([
    [3, 3],
    [5, 3],
  ])(
    'of %i nodes with size %i never two clusters, whoever crashes at whichever step, and one in the end',
    async (count, size) => {
      await fc.assert(
        fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
          const world = new World(count, size);
          try {
            for (const [kind, at, other] of events) {
              const [name, peer] = [world.names[at], world.names[other]];
              if (name === undefined || peer === undefined) continue;
              if (kind === 'hear') world.hear(name, peer);
              else if (kind === 'lose') world.lose(name, peer);
              else if (kind === 'start') world.start(name);
              else if (kind === 'crash') world.crash(name);
              else if (kind === 'take in') await world.answerJoins();
              else world.step(name, kind === 'step and crash');
              expect(world.clusters.size).toBeLessThanOrEqual(1);
            }
            await world.settle();
            expect([...world.clusters]).toHaveLength(1);
            expect(new Set(world.phases())).toEqual(world.clusters);
          } finally {
            world.close();
          }
        }),
        { numRuns: 20 },
      );
    },
    60_000,
  );
});
