import { parseArgs } from 'node:util';

export const loadScenarios = ['appends', 'reads', 'mix'] as const;
export type LoadScenario = (typeof loadScenarios)[number];
export type Scenario =
  LoadScenario | 'start' | 'streams' | 'raft' | 'cluster' | 'archive' | 'archive-roundtrip';

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly inFlight: number;
  readonly contexts: number;
  readonly messageBytes: number;
  readonly streams: number;
  readonly appendsPerSecond: number;
  readonly startMessages: number;
  /** In scenario cluster: how long after each fault, and at rest. */
  readonly observedSeconds: number;
  readonly seed: number;
  readonly baseline: boolean;
  readonly profile: boolean;
  /** Both systems keep their data below this directory: it should be on the disk that is to be measured. */
  readonly directory: string | undefined;
}

export const usage = `npm run bench -- [SCENARIO …] [options]

  SCENARIO           appends, reads, mix, start, streams, raft, cluster, archive or archive-roundtrip;
                     also as --scenario NAME (default: appends reads mix)
  --duration S       seconds measured per round and scenario (default 10)
  --warm-up S        seconds before that, not measured: until V8 has compiled what is hot (default 15; raft 25;
                     cluster 60, as each of its nodes serves a third and all compile on the same cores)
  --rounds N         rounds; each runs both systems in turn (default 2)
  --in-flight N      requests in flight (default 64)
  --contexts N       contexts (default 256)
  --message-bytes N  bytes of text per message (default 256)
  --streams N        websockets in scenario streams (default 500)
  --rate N           appends a second in scenario streams (default 2000)
  --messages N       messages in the large data directory of scenario start, of a node that is started
                     again in scenario cluster, and in the scenarios of the archive (default 1000000)
  --observe S        in scenario cluster: seconds after each fault, and at rest (default 6)
  --no-baseline      leave out what it is compared with: Fastify + Postgres, or etcd
  --profile          profile the server while it is measured and say where its time goes; implies
                     --no-baseline and one round
  --dir PATH         where the data goes while it runs (default: the system's temporary directory)
  --seed N           seed of the texts (default 1)
  --help`;

/** Throws a TypeError whose message says which option is wrong; undefined means that help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowNegative: true,
    allowPositionals: true,
    options: {
      scenario: { type: 'string', multiple: true },
      duration: { type: 'string', default: '10' },
      'warm-up': { type: 'string' },
      rounds: { type: 'string', default: '2' },
      'in-flight': { type: 'string', default: '64' },
      contexts: { type: 'string', default: '256' },
      'message-bytes': { type: 'string', default: '256' },
      streams: { type: 'string', default: '500' },
      rate: { type: 'string', default: '2000' },
      messages: { type: 'string', default: '1000000' },
      observe: { type: 'string', default: '6' },
      baseline: { type: 'boolean', default: true },
      profile: { type: 'boolean', default: false },
      dir: { type: 'string' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const named = [...positionals, ...(values.scenario ?? [])];
  const scenarios = named.length > 0 ? named.map(readScenario) : loadScenarios;
  return {
    scenarios,
    seconds: readNumber('duration', values.duration, 0.1),
    warmUpSeconds: readNumber('warm-up', values['warm-up'] ?? warmUpOf(scenarios), 0),
    rounds: values.profile ? 1 : readInteger('rounds', values.rounds),
    inFlight: readInteger('in-flight', values['in-flight']),
    contexts: readInteger('contexts', values.contexts),
    messageBytes: readInteger('message-bytes', values['message-bytes']),
    streams: readInteger('streams', values.streams),
    appendsPerSecond: readInteger('rate', values.rate),
    startMessages: readInteger('messages', values.messages),
    observedSeconds: readNumber('observe', values.observe, 0.5),
    seed: readInteger('seed', values.seed),
    baseline: values.baseline && !values.profile,
    profile: values.profile,
    directory: values.dir,
  };
}

function warmUpOf(scenarios: readonly Scenario[]): string {
  if (scenarios.includes('cluster')) return '60';
  return scenarios.includes('raft') ? '25' : '15';
}

function readScenario(name: string): Scenario {
  const others = ['start', 'streams', 'raft', 'cluster', 'archive', 'archive-roundtrip'] as const;
  const known: readonly Scenario[] = [...loadScenarios, ...others];
  const scenario = known.find((each) => each === name);
  if (scenario === undefined) {
    throw new TypeError(`A --scenario is one of ${known.join(', ')}, not "${name}"`);
  }
  return scenario;
}

function readInteger(name: string, text: string): number {
  const value = readNumber(name, text, 1);
  if (!Number.isInteger(value)) throw new TypeError(`--${name} is a whole number, not "${text}"`);
  return value;
}

function readNumber(name: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < minimum) {
    throw new TypeError(`--${name} is a number of at least ${String(minimum)}, not "${text}"`);
  }
  return value;
}
