import { setTimeout as delay } from 'node:timers/promises';
import type { Action, Outcome } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';
import { between, pick, weighted, type Random } from '../random.ts';
import { contextPath, send, type Answer, type Call } from './api.ts';
import type { WorkContext } from './contexts.ts';
import { NodesInView, type Target } from './nodes-in-view.ts';
import { afterRetry, concludeWrite, isOpen } from './outcomes.ts';
import { readings, type Reading } from './readings.ts';

export interface WorkClientOptions {
  readonly name: string;
  readonly contexts: readonly WorkContext[];
  readonly targets: () => readonly Target[];
  readonly random: Random;
  readonly recorder: Recorder;
  /** Mean pause between operations, in milliseconds. */
  readonly thinkMs: number;
}

const maxAttempts = 6;
const filler = 'The quick brown fox jumps over the lazy dog and is none the worse for it. ';

/** One client: an operation after the other on shared contexts, on one node after the other. */
export class WorkClient {
  readonly #options: WorkClientOptions;
  readonly #nodes: NodesInView;
  /** The newest version and seq that it has seen of each context, for `if_version` and `up_to_seq`. */
  readonly #known = new Map<string, { readonly version: number; readonly lastSeq: number }>();
  #turn = 0;
  #stopped = false;

  constructor(options: WorkClientOptions) {
    this.#options = options;
    this.#nodes = new NodesInView(options.targets, options.random);
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    const { random, contexts, thinkMs } = this.#options;
    while (!this.#stopped) {
      this.#turn += 1;
      await this.#operate(pick(random, contexts));
      await delay(random() * 2 * thinkMs);
    }
  }

  async #operate(context: WorkContext): Promise<void> {
    const { random } = this.#options;
    const rare = context.deleted ? 2 : 0;
    const operate = weighted(random, [
      [30, () => this.#append(context, 1, 'plain')],
      [
        14,
        () =>
          this.#append(
            context,
            1,
            weighted(random, [
              [1, 'key'],
              [1, 'id'],
            ]),
          ),
      ],
      [8, () => this.#append(context, between(random, 2, 8), 'key')],
      [6, () => this.#append(context, between(random, 2, 8), 'plain')],
      [10, () => this.#append(context, 1, 'version')],
      [3, () => this.#append(context, between(random, 1, 4), 'version and key')],
      [4, () => this.#compact(context)],
      [rare, () => this.#write(context, { kind: 'tombstone' }, { method: 'DELETE', path: '' })],
      [2 * rare, () => this.#revive(context)],
      [30, () => this.#read(context, pick(random, readings))],
    ]);
    await operate();
  }

  async #append(
    context: WorkContext,
    count: number,
    how: 'plain' | 'key' | 'id' | 'version' | 'version and key',
  ): Promise<void> {
    const { random, name } = this.#options;
    const texts = Array.from({ length: count }, (_, index) => `${name}.${this.#turn}.${index}`);
    const role = (index: number): string => (index % 2 === 0 || random() < 0.3 ? 'user' : 'assistant');
    const messages = texts.map((text, index) => ({
      role: role(index),
      parts: [
        { type: 'text', text },
        { type: 'text', text: filler.slice(0, between(random, 1, filler.length)) },
      ],
      ...(how === 'id' ? { id: text } : {}),
    }));
    const keyed = how === 'key' || how === 'version and key';
    const conditional = how === 'version' || how === 'version and key';
    const ifVersion = conditional ? (this.#known.get(context.id)?.version ?? 0) : null;
    const content = count === 1 && random() < 0.9 ? { message: messages[0] } : { messages };
    await this.#write(
      context,
      { kind: 'append', texts, keyed: keyed || how === 'id', ifVersion },
      {
        method: 'POST',
        path: '/messages',
        body: ifVersion === null ? content : { ...content, if_version: ifVersion },
        headers: keyed ? { 'idempotency-key': texts[0] ?? '' } : {},
      },
    );
  }

  async #compact(context: WorkContext): Promise<void> {
    const { random, name } = this.#options;
    const known = this.#known.get(context.id);
    const conditional = random() < 0.6 && known !== undefined;
    const ifVersion = conditional ? known.version : null;
    const text = `${name}.${this.#turn}: what was said before, in short`;
    const upTo = conditional && known.lastSeq > 0 && random() < 0.7 ? { up_to_seq: known.lastSeq } : {};
    const body = {
      replacement: [{ role: 'user', parts: [{ type: 'text', text }] }],
      ...(ifVersion === null ? {} : { if_version: ifVersion }),
      ...upTo,
    };
    await this.#write(context, { kind: 'compact', ifVersion }, { method: 'POST', path: '/compact', body });
  }

  #revive(context: WorkContext): Promise<void> {
    return this.#write(context, { kind: 'revive' }, { method: 'PUT', path: '', body: { status: 'active' } });
  }

  /** Once, or where a key makes it safe until it is known, on one node after the other. */
  async #write(context: WorkContext, action: Action, call: Call): Promise<void> {
    const { recorder, random, name } = this.#options;
    const invokedAt = recorder.now();
    const mayRepeat = action.kind === 'append' && action.keyed;
    let outcome: Outcome | null = null;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const now = await this.#attempt(context, action, call);
      outcome = afterRetry(outcome, now);
      if (!isOpen(outcome) || (!mayRepeat && outcome.kind === 'unknown')) break;
      if (!mayRepeat && attempt >= 2) break;
      await delay(random() * 100 * attempt);
    }
    if (outcome === null) return;
    this.#learn(context, outcome);
    recorder.record(name, context.id, invokedAt, { action, outcome });
  }

  async #attempt(context: WorkContext, action: Action, call: Call): Promise<Outcome> {
    const { recorder } = this.#options;
    const { answer, node } = await this.#send(context, call);
    const conclusion = concludeWrite(action, answer);
    if (conclusion.kind !== 'unexpected') {
      if (isOpen(conclusion)) this.#nodes.leave();
      return conclusion;
    }
    const message = `${call.method} ${call.path} at ${node.name} answered ${conclusion.why}`;
    recorder.broken({ check: 'answers', context: context.id, message });
    return { kind: 'unknown', why: conclusion.why };
  }

  async #read(context: WorkContext, reading: Reading): Promise<void> {
    const { recorder, name } = this.#options;
    const invokedAt = recorder.now();
    const { answer, node } = await this.#send(context, { method: 'GET', path: reading.path });
    const record = (outcome: Outcome): void => {
      this.#learn(context, outcome);
      recorder.record(name, context.id, invokedAt, { action: { kind: 'read' }, outcome });
    };
    if (answer.kind !== 'answer' || answer.status >= 500 || answer.status === 429) {
      this.#nodes.leave();
      const why = answer.kind === 'answer' ? `${answer.status}` : answer.why;
      if (
        answer.kind === 'answer' &&
        answer.status !== 503 &&
        answer.status !== 504 &&
        answer.status !== 429
      ) {
        recorder.broken(unexpected(context, reading, node, answer));
      }
      record({ kind: 'failed', why });
      return;
    }
    if (answer.status !== 200) {
      recorder.broken(unexpected(context, reading, node, answer));
      return;
    }
    record(reading.see(context.id, answer.body, recorder, node.name));
  }

  async #send(context: WorkContext, call: Call): Promise<{ readonly answer: Answer; readonly node: Target }> {
    const { recorder } = this.#options;
    const node = this.#nodes.next();
    const from = recorder.now();
    const answer = await send(node.url, { ...call, path: `${contextPath(context.id)}${call.path}` });
    if (answer.kind === 'silent') {
      const what = `${call.method} ${context.id}${call.path}`;
      recorder.silences.push({ node: node.name, from, to: recorder.now(), what });
    }
    return { answer, node };
  }

  #learn(context: WorkContext, outcome: Outcome): void {
    const known = this.#known.get(context.id) ?? { version: 0, lastSeq: 0 };
    const version = 'version' in outcome ? outcome.version : null;
    const current = outcome.kind === 'conflict' ? outcome.currentVersion : version;
    const lastSeq =
      outcome.kind === 'seen' ? outcome.lastSeq : outcome.kind === 'appended' ? outcome.seqs.at(-1) : null;
    this.#known.set(context.id, {
      version: Math.max(known.version, current ?? 0),
      lastSeq: Math.max(known.lastSeq, lastSeq ?? 0),
    });
  }
}

const unexpected = (
  context: WorkContext,
  reading: Reading,
  node: Target,
  answer: { readonly status: number; readonly body: string },
) => ({
  check: 'answers',
  context: context.id,
  message: `GET ${reading.path} at ${node.name} answered ${answer.status} ${answer.body.slice(0, 200)}`,
});
