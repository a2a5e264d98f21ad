import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { brokenPromises, brokenReplays } from './crash-checks.js';
import { runClient, type Address } from './crash-client.js';
import { CrashLog } from './crash-log.js';
import { seeded } from './seeded.js';
import { startServer, withoutVocabulary, type RunningServer } from './server-process.js';

const CRASHES = 20;
/** Before each crash, at least: a run in which nothing was under way would show nothing. */
const APPENDS = 10;
const SHARED_CONTEXTS = ['shared-0', 'shared-1', 'shared-2', 'shared-3', 'shared-4', 'shared-5'];
const CHAINED_CONTEXTS = ['chained-0', 'chained-1'];
const contexts = [...SHARED_CONTEXTS, ...CHAINED_CONTEXTS];

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-crash-'));
let server: RunningServer | undefined;

afterAll(async () => {
  await server?.kill();
  rmSync(directory, { recursive: true, force: true });
});

/** The door the clients go through: shut while the server is down or being checked. */
class Door implements Address {
  #url: Promise<string | undefined>;
  #open: (url: string | undefined) => void = () => undefined;

  constructor() {
    this.#url = this.#closed();
  }

  whenUp(): Promise<string | undefined> {
    return this.#url;
  }

  open(url: string | undefined): void {
    this.#open(url);
  }

  shut(): void {
    this.#url = this.#closed();
  }

  #closed(): Promise<string | undefined> {
    return new Promise((resolve) => (this.#open = resolve));
  }
}

/** Over the same data. */
function restart(): Promise<RunningServer> {
  return startServer({ directory: path.join(directory, 'data'), env: withoutVocabulary });
}

test('nothing acknowledged is lost, repeated or torn over twenty crashes at random moments', async () => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
  process.stdout.write(`crash test: CRASH_SEED=${String(seed)} repeats this run's choices\n`);
  const random = seeded(seed);
  const log = new CrashLog();
  const door = new Door();

  server = await restart();
  await createContexts(server.url);
  const clients = startClients(door, log, random);

  for (let crash = 1; crash <= CRASHES; crash += 1) {
    door.open(server.url);
    await Promise.race([killableMoment(log, random), clients]);
    // Shut first, so that no client runs into the next server before it has been checked.
    door.shut();
    await server.kill();
    server = await restart();
    const replayed = log.acknowledged.filter(({ append }) => append.keyed).slice(-8);
    const broken = [
      ...(await brokenPromises(server.url, contexts, log)),
      ...(await brokenReplays(server.url, replayed)),
    ];
    expect({ seed, crash, broken }).toEqual({ seed, crash, broken: [] });
  }

  door.open(undefined);
  await clients;
  // The run has shown something only if crashes hit appends that were under way.
  expect(log.acknowledged.length).toBeGreaterThanOrEqual(CRASHES * APPENDS);
  expect(log.retried + log.uncertain.length).toBeGreaterThan(0);
}, 900_000);

/** Some appends into this life of the server, however slow the machine: a kill before the first one shows nothing. */
async function killableMoment(log: CrashLog, random: () => number): Promise<void> {
  const enough = log.acknowledged.length + 11 + Math.floor(random() * 40);
  const deadline = Date.now() + 60_000;
  while (log.acknowledged.length < enough) {
    if (Date.now() > deadline)
      throw new Error('A server that is up acknowledged too few appends in a minute.');
    await delay(2);
  }
  await delay(random() * 20);
}

async function createContexts(url: string): Promise<void> {
  for (const context of contexts) {
    // A small budget, so that windows are cut all the time.
    const response = await fetch(`${url}/v1/contexts/${context}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token_budget: 1_500 }),
    });
    expect(response.status).toBe(201);
  }
}

/** Rejects as soon as a client gets an answer that it must not get. */
function startClients(address: Address, log: CrashLog, random: () => number): Promise<unknown> {
  const writers = [0, 1, 2, 3, 4, 5].map((number) => ({
    name: `writer ${String(number)}`,
    chained: false,
    contexts: SHARED_CONTEXTS,
  }));
  const chained = CHAINED_CONTEXTS.map((context) => ({
    name: `chain of ${context}`,
    chained: true,
    contexts: [context],
  }));
  const running = Promise.all(
    [...writers, ...chained].map((client) =>
      runClient({ ...client, random: seeded(Math.floor(random() * 2 ** 32)), address, log }),
    ),
  );
  running.catch(() => undefined); // reported by the race in the test
  return running;
}
