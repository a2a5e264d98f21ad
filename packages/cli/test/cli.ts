import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { run } from '../src/index.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command against one server. */
export class Cli {
  private readonly env: Readonly<Record<string, string>>;

  constructor(url: string, env: Readonly<Record<string, string>> = {}) {
    this.env = { PATH: process.env['PATH'] ?? '', FASTPACA_URL: url, ...env };
  }

  /** The built command as a process of its own: what signals, pipes and terminals see. */
  start(...args: readonly string[]): Running {
    return new Running(spawn(process.execPath, [main, ...args], { env: this.env }));
  }

  /** Runs it to its end, here: the process adds only arguments, streams and signals, and takes most of the time. */
  async run(args: readonly string[], input = ''): Promise<Ended> {
    const [stdin, stdout, stderr] = [Readable.from([input]), new PassThrough(), new PassThrough()];
    const printed = Promise.all([text(stdout), text(stderr)]);
    const { signal } = new AbortController();
    const code = await run(args, { stdin, stdout, stderr, env: this.env, signal });
    stdout.end();
    stderr.end();
    const [out, err] = await printed;
    return { code, out, err };
  }

  /** Runs it to its end as a process. */
  async runProcess(...args: readonly string[]): Promise<Ended> {
    const running = this.start(...args);
    running.child.stdin.end();
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
