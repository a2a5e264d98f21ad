import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { loadSources } from './source-loader.mjs';

const usage = `npm run simulate -w @fastpaca/raft-core -- [options]
  --seeds <n>     how many seeds to run (default 100)
  --from <n>      the first seed (default 1)
  --seed <n>      only this one
  --steps <n>     events per seed before faults stop (default 20000)
  --focus <json>  settings of the plan instead of drawn ones, e.g. '{"compactEvery":3}'
  --trace         print what happens, one line per event
  --json          print the results as JSON
  --all           go on after a violation`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    steps: { type: 'string', default: '20000' },
    focus: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const steps = Number(values.steps);
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const { simulate } = await loadSources().testing();
const onLine = values.trace ? (line) => process.stdout.write(`${line}\n`) : undefined;
const focus = JSON.parse(values.focus ?? '{}');
const started = performance.now();
const results = [];
for (let seed = first; seed < first + count; seed += 1) {
  const result = simulate({ seed, steps, focus, ...(onLine === undefined ? {} : { onLine }) });
  results.push(result);
  if (result.violation === null) continue;
  const command = `npm run simulate -w @fastpaca/raft-core -- --seed ${seed} --steps ${steps}${values.focus === undefined ? '' : ` --focus '${values.focus}'`} --trace`;
  console.error(`seed ${seed}, step ${result.violation.step}: ${result.violation.message}`);
  console.error(`  replay: ${command}`);
  process.exitCode = 1;
  if (!values.all) break;
}
const seconds = (performance.now() - started) / 1_000;
const sum = (field) => results.reduce((total, result) => total + result[field], 0);
if (values.json) console.log(JSON.stringify({ seconds, results }));
else {
  console.log(
    `${results.length} seeds, ${sum('steps')} steps in ${seconds.toFixed(1)} s (${Math.round(sum('steps') / seconds)} steps/s): ` +
      `${sum('committed')} entries committed, ${sum('acknowledged')} appends and ${sum('reads')} reads checked, ` +
      `${sum('terms')} leaders, ${results.filter((result) => result.violation !== null).length} violations`,
  );
}
