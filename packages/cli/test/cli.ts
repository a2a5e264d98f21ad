import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command as a process of its own. */
export class Cli {
  private readonly env: Readonly<Record<string, string>>;

  constructor(url: string, env: Readonly<Record<string, string>> = {}) {
    this.env = { PATH: process.env['PATH'] ?? '', FASTPACA_URL: url, ...env };
  }

  start(...args: readonly string[]): Running {
    return new Running(spawn(process.execPath, [main, ...args], { env: this.env }));
  }

  /** Runs it to its end. */
  async run(args: readonly string[], input?: string): Promise<Ended> {
    const running = this.start(...args);
    running.child.stdin.end(input ?? '');
    return running.ended();
  }

  /** Runs it, and reads what it printed as JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, out, err } = await this.run([...args, '--json']);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out);
  }
}

export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  out = '';
  err = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    child.stdin.on('error', () => undefined);
  }

  /** Waits until it has printed what `done` looks for. */
  async printed(done: (out: string) => boolean): Promise<void> {
    while (!done(this.out)) {
      if (this.child.exitCode !== null) throw new Error(`It ended with ${this.child.exitCode}: ${this.err}`);
      await once(this.child.stdout, 'data');
    }
  }

  async ended(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return { code: this.child.exitCode, out: this.out, err: this.err };
  }
}
