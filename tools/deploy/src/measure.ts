import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildBinary } from './build-binary.ts';
import { timeStart, type Start, type StartTime } from './start-time.ts';

// How large the image's tree and the executable are, and how long their start takes, beside the built files on Node.
// Usage, after `npm run build`: npm run measure --workspace @fastpaca/deploy [ROUNDS]

const root = path.resolve(import.meta.dirname, '../../..');
const bundle = 'apps/server/dist/bundle/main.mjs';

interface Candidate extends Omit<Start, 'data'> {
  readonly name: string;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function row(name: string, times: readonly StartTime[]): string {
  const cpu = times.flatMap(({ cpuMs }) => cpuMs ?? []);
  const wall = `${median(times.map(({ wallMs }) => wallMs)).toFixed(0)} ms`;
  return `| ${name} | ${wall} | ${cpu.length === 0 ? 'unknown' : `${median(cpu).toFixed(0)} ms`} |`;
}

async function measure(work: string, rounds: number): Promise<void> {
  const tree = path.join(work, 'tree');
  execFileSync(process.execPath, [path.join(root, 'docker/assemble.mjs'), tree], { stdio: 'ignore' });
  const executable = path.join(work, 'fastpaca-server');
  await buildBinary(executable);

  const files = filesBelow(tree);
  const treeBytes = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  const packed = gzipSync(readFileSync(executable), { level: 1 }).byteLength;
  print(`The image without its base: ${megabytes(treeBytes)} in ${files.length} files.`);
  print(
    `The executable: ${megabytes(statSync(executable).size)}, ${megabytes(packed)} with gzip -1; ` +
      `Node itself is ${megabytes(statSync(process.execPath).size)}.`,
  );

  const candidates: readonly Candidate[] = [
    { name: 'module by module', command: [process.execPath, 'apps/server/dist/main.js'], directory: root },
    { name: 'the image’s tree', command: [process.execPath, bundle], directory: tree },
    { name: 'the executable', command: [executable], directory: work },
  ];
  const first = new Map<string, StartTime[]>();
  const later = new Map<string, StartTime[]>();
  // In turns: what else the machine does meets all of them.
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, ...start } of candidates) {
      const place = path.join(work, `${round}-${name}`);
      const temporary = path.join(place, 'tmp');
      mkdirSync(temporary, { recursive: true });
      // Whatever a first start leaves behind for later ones is in these two directories.
      const again = { ...start, data: path.join(place, 'data'), env: { TMPDIR: temporary } };
      first.set(name, [...(first.get(name) ?? []), await timeStart(again)]);
      later.set(name, [...(later.get(name) ?? []), await timeStart(again)]);
    }
  }
  print(`\n| start until ready, median of ${rounds} | wall clock | its CPU time |\n| --- | --- | --- |`);
  for (const { name } of candidates) {
    print(row(`${name}, first`, first.get(name) ?? []));
    print(row(`${name}, later`, later.get(name) ?? []));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const rounds = Number(process.argv[2] ?? 5);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  process.stderr.write('Usage: npm run measure --workspace @fastpaca/deploy [ROUNDS]\n');
  process.exit(2);
}
const work = mkdtempSync(path.join(tmpdir(), 'fastpaca-measure-'));
try {
  await measure(work, rounds);
} finally {
  rmSync(work, { recursive: true, force: true });
}
