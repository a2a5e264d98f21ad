import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CpuProfile } from './cpu-profiler.ts';
import { markdownTable } from './table.ts';

const FUNCTIONS_SHOWN = 30;
const MODULES_SHOWN = 16;

/**
 * Self time of the main thread by module and by function. LevelDB's work in the libuv pool is not in it;
 * the table of threads shows that.
 */
export function summariseProfile(profile: CpuProfile): string {
  const selfUs = new Map<number, number>();
  for (const [index, node] of profile.samples.entries()) {
    selfUs.set(node, (selfUs.get(node) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
  const byFunction = new Map<string, number>();
  const byModule = new Map<string, number>();
  let busyUs = 0;
  let idleUs = 0;
  for (const { id, callFrame } of profile.nodes) {
    const us = selfUs.get(id) ?? 0;
    if (callFrame.functionName === '(idle)') {
      idleUs += us;
      continue;
    }
    busyUs += us;
    const module = moduleOf(callFrame);
    const name = `${callFrame.functionName || '(anonymous)'} ${placeOf(callFrame)}`.trim();
    byFunction.set(`${name}\t${module}`, (byFunction.get(`${name}\t${module}`) ?? 0) + us);
    byModule.set(module, (byModule.get(module) ?? 0) + us);
  }
  const share = (us: number): string => `${((100 * us) / busyUs).toFixed(1)} %`;
  const top = (map: Map<string, number>, count: number): [string, number][] =>
    [...map].sort((a, b) => b[1] - a[1]).slice(0, count);
  const busy = ((100 * busyUs) / (busyUs + idleUs)).toFixed(0);
  return [
    `main thread: busy ${(busyUs / 1_000_000).toFixed(1)} s, ${busy} % of its time`,
    markdownTable(
      ['module', '', 'self time'],
      top(byModule, MODULES_SHOWN).map(([module, us]) => [module, '', share(us)]),
    ),
    markdownTable(
      ['function', 'module', 'self time'],
      top(byFunction, FUNCTIONS_SHOWN).map(([key, us]) => [...key.split('\t'), share(us)]),
    ),
  ].join('\n\n');
}

/** `packages/raft-core`, `fastify`, `node:net`, or V8's own `(garbage collector)`, `(program)`. */
function moduleOf({ url, functionName }: { url: string; functionName: string }): string {
  if (url.startsWith('wasm:')) return 'WebAssembly';
  if (url.startsWith('node:')) return 'node';
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  const path = pathOf(url);
  const dependency = path.lastIndexOf(`node_modules${sep}`);
  if (dependency !== -1) {
    const [scope, name] = path.slice(dependency + 13).split(sep);
    return scope?.startsWith('@') ? `${scope}/${name ?? ''}` : (scope ?? '');
  }
  return /(packages|apps)[\\/][^\\/]+/.exec(path)?.[0] ?? path;
}

function placeOf({ url, lineNumber }: { url: string; lineNumber: number }): string {
  if (url === '' || url.startsWith('wasm:')) return '';
  const path = url.startsWith('node:') ? url : (pathOf(url).split(sep).at(-1) ?? '');
  return `(${path}:${String(lineNumber + 1)})`;
}

function pathOf(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url;
}
