import { once } from 'node:events';
import type { Io } from '../io.js';

/** Writes what a command has found, as text or as JSON. */
export class Output {
  readonly json: boolean;
  private readonly io: Io;

  constructor(io: Io, json: boolean) {
    this.io = io;
    this.json = json;
  }

  /** One value: its JSON in one line, or its text. */
  async show(value: unknown, text: () => string): Promise<void> {
    await this.line(this.json ? JSON.stringify(value) : text());
  }

  /** Waits while the reader is slow. */
  async line(text: string): Promise<void> {
    await this.bytes(`${text}\n`);
  }

  async bytes(chunk: string | Uint8Array): Promise<void> {
    const { stdout, signal } = this.io;
    signal.throwIfAborted();
    if (!stdout.write(chunk)) await once(stdout, 'drain', { signal });
  }
}
