import { setTimeout as delay } from 'node:timers/promises';
import type { Append, CrashLog } from './crash-log.js';

/** At most, between two appends: what is read back after every crash is all that was ever written. */
const pauseMs = 8;

/** Where the server is now; rejects no one, but makes callers wait while it is down. */
export interface Address {
  /** Resolves with the URL once the server is up; undefined when the test is over. */
  whenUp(): Promise<string | undefined>;
}

export interface ClientOptions {
  readonly name: string;
  readonly contexts: readonly string[];
  /** Sends `if_version` from its last answer: it must be the only writer of its context. */
  readonly chained: boolean;
  readonly random: () => number;
  readonly address: Address;
  readonly log: CrashLog;
}

interface Answer {
  readonly version: number;
  readonly seq?: number;
  readonly results?: readonly { seq: number }[];
  readonly deduped?: boolean;
}

/** An answer that a correct server never gives to these requests. */
export class UnexpectedAnswer extends Error {}

/**
 * Appends until the test is over. With a key it sends an unanswered append again, after the restart if
 * need be, until it is answered; without one it notes the doubt and goes on.
 */
export async function runClient(options: ClientOptions): Promise<void> {
  let version = 0;
  for (let turn = 0; ; turn += 1) {
    const append = nextAppend(options, turn, version);
    const acknowledged = await sendUntilKnown(options, append);
    if (acknowledged === 'over') return;
    if (acknowledged !== undefined) version = acknowledged;
    await delay(options.random() * pauseMs);
  }
}

function nextAppend(options: ClientOptions, turn: number, version: number): Append {
  const { random, contexts, name, chained } = options;
  const context = contexts[Math.floor(random() * contexts.length)] ?? '';
  const shape = chained ? 0.9 : random();
  const count = shape < 0.5 ? 1 : 1 + Math.floor(random() * 6);
  const texts = Array.from(
    { length: count },
    (_, index) => `${name} turn ${String(turn)} message ${String(index)}`,
  );
  const messages = texts.map((text, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    parts: [{ type: 'text', text }],
    // A message id is a key as well.
    ...(shape >= 0.25 && shape < 0.5 ? { id: `id-${text.replaceAll(' ', '-')}` } : {}),
  }));
  const keyed = shape >= 0.25;
  const headers: Record<string, string> =
    shape >= 0.5 ? { 'idempotency-key': `${name}-${String(turn)}` } : {};
  const payload = shape < 0.5 ? { message: messages[0] } : { messages };
  return { context, texts, keyed, headers, body: chained ? { ...payload, if_version: version } : payload };
}

/** The version of the acknowledged append; undefined if it stays in doubt. */
async function sendUntilKnown(options: ClientOptions, append: Append): Promise<number | undefined | 'over'> {
  const { address, log } = options;
  for (let attempt = 0; ; attempt += 1) {
    const url = await address.whenUp();
    if (url === undefined) {
      if (attempt > 0) log.uncertain.push(append);
      return 'over';
    }
    const answer = await sendAppend(url, append);
    if (answer !== undefined) {
      const seqs = answer.results?.map(({ seq }) => seq) ?? [answer.seq ?? 0];
      log.acknowledge(append, seqs, answer.version);
      if (attempt > 0) log.retried += 1;
      if (answer.deduped === true) log.deduplicated += 1;
      return answer.version;
    }
    if (!append.keyed) {
      log.uncertain.push(append);
      return undefined;
    }
  }
}

/** Sends an append once; undefined when its outcome is unknown or it could not be done now. */
export async function sendAppend(url: string, append: Append): Promise<Answer | undefined> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/v1/contexts/${append.context}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...append.headers },
      body: JSON.stringify(append.body),
      signal: AbortSignal.timeout(15_000),
    });
    text = await response.text();
  } catch {
    return undefined;
  }
  if (response.status === 201) return JSON.parse(text) as Answer;
  if (response.status === 503 || response.status === 504) return undefined;
  throw new UnexpectedAnswer(`${append.context} answered ${String(response.status)}: ${text}`);
}
