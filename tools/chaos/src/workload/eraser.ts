import { setTimeout as delay } from 'node:timers/promises';
import type { Recorder } from '../history/recorder.ts';
import type { Random } from '../random.ts';
import { contextPath, send, type Call } from './api.ts';
import { NodesInView, type Target } from './nodes-in-view.ts';

/** Creates contexts, fills and erases them: from the answer on, no node has them any more. */
export class Eraser {
  /** Erased for good, as far as the server has said so. */
  readonly erased: string[] = [];
  readonly #targets: () => readonly Target[];
  readonly #nodes: NodesInView;
  readonly #recorder: Recorder;
  #stopped = false;

  constructor(targets: () => readonly Target[], random: Random, recorder: Recorder) {
    this.#targets = targets;
    this.#nodes = new NodesInView(targets, random);
    this.#recorder = recorder;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const id = `erased-${turn}`;
      const created = await this.#persist({ method: 'PUT', path: contextPath(id), body: {} }, [200, 201]);
      const message = { role: 'user', parts: [{ type: 'text', text: id }], id };
      const path = `${contextPath(id)}/messages`;
      await this.#persist({ method: 'POST', path, body: { message } }, [201]);
      // A second try finds nothing where the first one did it.
      const erase: Call = { method: 'DELETE', path: `${contextPath(id)}?mode=erase` };
      const erased = await this.#persist(erase, [204, 404]);
      // A creation without an answer may come to pass later: a paused node does what it has received once it goes on.
      if (created === 'at once' && erased !== 'never') {
        this.erased.push(id);
        await this.check(id);
      }
      await delay(500);
    }
  }

  /** No node shows it. A node that does not answer shows nothing. */
  async check(id: string): Promise<void> {
    for (const { name, url } of this.#targets()) {
      const answer = await send(url, { method: 'GET', path: contextPath(id) });
      if (answer.kind !== 'answer' || answer.status !== 200) continue;
      this.#recorder.broken({
        check: 'erased for good',
        context: id,
        message: `${name} still shows it after the erase was acknowledged: ${answer.body.slice(0, 200)}`,
      });
    }
  }

  /** On one node after the other until it is answered as expected; `never` where the run is over before. */
  async #persist(call: Call, expected: readonly number[]): Promise<'at once' | 'after doubt' | 'never'> {
    let doubt = false;
    while (!this.#stopped) {
      const answer = await send(this.#nodes.next().url, call);
      if (answer.kind === 'answer' && expected.includes(answer.status)) {
        return doubt ? 'after doubt' : 'at once';
      }
      // Whatever is not a refusal may have been a success.
      doubt ||= answer.kind === 'answer' ? answer.status !== 503 : answer.kind !== 'not sent';
      this.#nodes.leave();
      await delay(200);
    }
    return 'never';
  }
}
