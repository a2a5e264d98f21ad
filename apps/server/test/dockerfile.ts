import { readFileSync } from 'node:fs';

/** What a Dockerfile of two stages does and says, so that a test can do the same without an engine. */
export interface Dockerfile {
  /** The RUN steps of the first stage. */
  readonly build: readonly string[];
  /** The arguments of the last stage's COPY steps. */
  readonly copied: readonly string[];
  /** The RUN steps of the last stage. */
  readonly run: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly volume: string;
  readonly stopSignal: NodeJS.Signals;
  readonly healthCheck: readonly string[];
  readonly command: readonly string[];
}

interface Instruction {
  readonly name: string;
  readonly text: string;
}

function instructions(source: string): Instruction[] {
  const joined = source.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
    .flatMap((match) => (match ? [{ name: match[1] ?? '', text: match[2] ?? '' }] : []));
}

/** @throws Error where an instruction that the image needs is not there exactly once */
export function readDockerfile(file: string): Dockerfile {
  const all = instructions(readFileSync(file, 'utf8'));
  const last = all.findLastIndex(({ name }) => name === 'FROM');
  const final = all.slice(last);
  const every = (name: string, from = final) => from.filter((step) => step.name === name).map((s) => s.text);
  const only = (name: string): string => {
    const [text, ...others] = every(name);
    if (text === undefined || others.length > 0) throw new Error(`${file} needs exactly one ${name}`);
    return text;
  };
  const words = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[];
  return {
    build: every('RUN', all.slice(0, last)),
    copied: every('COPY'),
    run: every('RUN'),
    environment: Object.fromEntries(
      only('ENV')
        .split(/\s+/)
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
    workdir: only('WORKDIR'),
    user: only('USER'),
    volume: only('VOLUME'),
    stopSignal: only('STOPSIGNAL') as NodeJS.Signals,
    healthCheck: words(only('HEALTHCHECK')),
    command: words(only('CMD')),
  };
}
