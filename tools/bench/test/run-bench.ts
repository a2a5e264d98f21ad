import { execFile } from 'node:child_process';
import { join } from 'node:path';

const entryPoint = join(import.meta.dirname, '../src/main.ts');

export interface BenchRun {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** For the servers that are started here: a vocabulary would be a quarter of each start. */
export const vocabularyLess = { FASTPACA_TOKEN_ESTIMATOR: 'chars:4' };
const env = { ...process.env, ...vocabularyLess };

/** Runs the tool as `npm run bench -- …` does, and waits for its end. */
export function runBench(...args: string[]): Promise<BenchRun> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [entryPoint, ...args],
      { env, maxBuffer: 1 << 24 },
      (error, output, errors) => {
        const code = error?.code;
        resolve({ exitCode: error === null ? 0 : typeof code === 'number' ? code : -1, output, errors });
      },
    );
  });
}

/** The rows of the Markdown table whose first column has this title, as records by column. */
export function tableRows(output: string, firstColumn: string): Record<string, string>[] {
  const lines = output.split('\n');
  const head = lines.findIndex((line) => cells(line)[0] === firstColumn);
  if (head === -1) return [];
  const titles = cells(lines[head] ?? '');
  const rows: Record<string, string>[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(Object.fromEntries(cells(line).map((cell, column) => [titles[column] ?? '', cell])));
  }
  return rows;
}

/** A figure of a table as a number: the thousands are separated by commas. */
export function figure(row: Record<string, string> | undefined, column: string): number {
  return Number(row?.[column]?.replaceAll(',', '') ?? NaN);
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
