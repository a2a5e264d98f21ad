import { clearScreenDown, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { statusLine, type NodeStatus } from './node-status.ts';

/** Shows the nodes: on a terminal in place, elsewhere a line whenever the state of a node changes. */
export interface StatusScreen {
  show(statuses: readonly NodeStatus[]): void;
  /** Something that stays; the status goes on below it. */
  say(text: string): void;
}

export function openStatusScreen(out: NodeJS.WriteStream): StatusScreen {
  return out.isTTY ? new LiveScreen(out) : new PlainScreen(out);
}

class LiveScreen implements StatusScreen {
  readonly #out: WriteStream;
  #lines = 0;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  say(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  show(statuses: readonly NodeStatus[]): void {
    this.#clear();
    const width = this.#out.columns;
    // A line that wraps would be two on the way back up.
    for (const status of statuses) this.#out.write(`${statusLine(status).slice(0, width - 1)}\n`);
    this.#lines = statuses.length;
  }

  #clear(): void {
    moveCursor(this.#out, 0, -this.#lines);
    clearScreenDown(this.#out);
    this.#lines = 0;
  }
}

class PlainScreen implements StatusScreen {
  readonly #out: NodeJS.WriteStream;
  readonly #states = new Map<string, string>();

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  say(text: string): void {
    this.#out.write(`${text}\n`);
  }

  show(statuses: readonly NodeStatus[]): void {
    for (const status of statuses) {
      if (this.#states.get(status.name) === status.state) continue;
      this.#states.set(status.name, status.state);
      this.#out.write(`${statusLine(status)}\n`);
    }
  }
}
