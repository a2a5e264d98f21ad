import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { defects } from './defects/index.mjs';
import { loadSources } from './source-loader.mjs';

// Runs the simulator on the package with each deliberate defect in turn, until a seed breaks.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    steps: { type: 'string', default: '20000' },
    only: { type: 'string' },
    // Of so many shares of the defects, the one to look for: '0/2' is every second one.
    share: { type: 'string', default: '0/1' },
    json: { type: 'boolean', default: false },
  },
});
const [seeds, steps] = [Number(values.seeds), Number(values.steps)];
const [share, shares] = values.share.split('/').map(Number);
const chosen = defects.filter(
  ({ name }, at) => at % shares === share && (values.only === undefined || name === values.only),
);
const loader = loadSources(defects);
const table = [];
for (const { name, breaks, focus } of chosen) {
  const { simulate } = await loader.testing(name);
  const started = performance.now();
  let found = null;
  for (let seed = 1; seed <= seeds && found === null; seed += 1) {
    const { violation } = simulate({ seed, steps, ...(focus === undefined ? {} : { focus }) });
    if (violation !== null) found = { seed, rule: violation.rule, message: violation.message.split('\n')[0] };
  }
  const row = {
    name,
    breaks,
    focused: focus !== undefined,
    seeds: found?.seed ?? null,
    rule: found?.rule ?? null,
    message: found?.message ?? null,
  };
  table.push({ ...row, seconds: (performance.now() - started) / 1_000 });
  if (!values.json) {
    const needed = found === null ? `NOT FOUND in ${seeds}` : String(found.seed);
    console.log(`${name.padEnd(40)} ${needed.padStart(6)}  ${found?.message.slice(0, 140) ?? ''}`);
  }
  if (found === null) process.exitCode = 1;
}
if (values.json) console.log(JSON.stringify(table));
