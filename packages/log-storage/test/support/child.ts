import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const hooks = new URL('./source-hooks.mjs', import.meta.url).href;

/** A child process that runs a TypeScript file of this directory, and the lines that it prints. */
export class Child {
  readonly lines: string[] = [];
  readonly exited: Promise<void>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #ended = false;
  #errors = '';

  /** `shell`: commands to run first in the shell that becomes the process. */
  constructor(file: string, args: readonly string[], shell = '') {
    const script = fileURLToPath(new URL(file, import.meta.url));
    const flags = [
      '--disable-warning=ExperimentalWarning',
      '--conditions=@fastpaca/source',
      `--import=${hooks}`,
    ];
    const command = [process.execPath, ...flags, script, ...args];
    this.#process =
      shell === ''
        ? spawn(command[0] ?? '', command.slice(1))
        : spawn('sh', ['-c', `${shell}; exec "$@"`, 'sh', ...command]);
    this.#process.stderr.on('data', (data: Buffer) => (this.#errors += data.toString()));
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#changed();
    });
    this.exited = new Promise((resolve) => {
      this.#process.on('close', () => {
        this.#ended = true;
        this.#changed();
        resolve();
      });
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Resolves to the first line that matches; rejects with the error output where the process ends before. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.find((line) => pattern.test(line));
        if (found === undefined && !this.#ended) return;
        this.#watchers.delete(look);
        if (found === undefined) reject(new Error(`No line ${pattern.source}; ${this.#errors}`));
        else resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves once so many lines match. */
  async count(pattern: RegExp, atLeast: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        const enough = this.lines.filter((line) => pattern.test(line)).length >= atLeast;
        if (!enough && !this.#ended) return;
        this.#watchers.delete(look);
        if (enough) resolve();
        else reject(new Error(`The process ended early: ${this.#errors}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** The number of the last batch that was acknowledged; 0: none. */
  get acked(): number {
    const last = this.lines.filter((line) => line.startsWith('acked ')).at(-1);
    return last === undefined ? 0 : Number(last.split(' ')[1]);
  }
}
