import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const docs = fileURLToPath(new URL('../../../../docs/raft/', import.meta.url));
const own = fileURLToPath(new URL('../../', import.meta.url));

// Inside of the package, where its own name is found; Git and the linter pass it over.
mkdirSync(path.join(own, '.jest'), { recursive: true });
const directory = mkdtempSync(path.join(own, '.jest/docs-'));

/** The files of a page, by name. */
function filesOf(page: string): Map<string, string> {
  const text = readFileSync(path.join(docs, page), 'utf8');
  const blocks = text.matchAll(/^<!-- file: (\S+) -->\n\n```js\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name = '', code = '']) => [name, code]));
}

/** As many free ports as asked for, found by listening on them all at once. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.once('listening', resolve))));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}

async function node(...options: string[]): Promise<string> {
  const sources = path.join(own, 'test/docs/use-sources.mjs');
  const flags = [
    '--disable-warning=ExperimentalWarning',
    '--conditions=@fastpaca/source',
    '--import',
    sources,
  ];
  const env = { ...process.env, FORCE_COLOR: '0', NODE_OPTIONS: '' };
  const { stdout } = await run(process.execPath, [...flags, ...options], {
    cwd: directory,
    env,
    timeout: 60_000,
  });
  return stdout;
}

const files = new Map([...filesOf('embedding.md'), ...filesOf('simulator.md')]);

beforeAll(async () => {
  const ports = await freePorts(5);
  const portFor = new Map([
    ['7401 + at', `[${ports.slice(0, 3).join(', ')}][at]`],
    ['7411 + at', `[${ports.slice(3).join(', ')}][at]`],
  ]);
  for (const [name, code] of files) {
    let source = code;
    for (const [written, used] of portFor) source = source.replaceAll(written, used);
    writeFileSync(path.join(directory, name), source);
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the guide for embedding', () => {
  test('its key-value store survives the loss of its leader, and prints what the page says', async () => {
    const said = [...(files.get('cluster.mjs') ?? '').matchAll(/^.*console\.log\(.*\); \/\/ (.*)$/gm)];
    expect(said.map(([, line = '']) => line)).toEqual(["{ before: 'green' }", 'red', 'red']);
    expect(await node('cluster.mjs')).toBe("{ before: 'green' }\nred\nred\n");
  });

  test('its storage and its transport keep the contracts', async () => {
    const report = await node('--test-reporter=tap', 'conformance.test.mjs');
    expect(report).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(report)?.[1])).toBeGreaterThanOrEqual(20);
  });
});

test('the example of the simulator page finds nothing', async () => {
  expect(await node('simulate.mjs')).toBe('true true\n');
});

test('the simulator page lists every deliberate defect, with the seeds that it took', async () => {
  const { defects } = (await import(path.join(own, 'test/simulation/defects/index.mjs'))) as {
    readonly defects: readonly { readonly name: string }[];
  };
  const page = readFileSync(path.join(docs, 'simulator.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([\w-]+)` +\| .* \| +\d+ \| .* \|$/gm)].map(([, name = '']) => name);
  expect(rows.sort()).toEqual(defects.map(({ name }) => name).sort());
});

test('every page of the index is there, and every page is in the index', () => {
  const index = readFileSync(path.join(docs, 'index.md'), 'utf8');
  const pages = [...index.matchAll(/\]\((\w[\w-]*\.md)\)/g)].map(([, page = '']) => page);
  expect(new Set(pages).size).toBe(11);
  for (const page of pages) expect([page, existsSync(path.join(docs, page))]).toEqual([page, true]);
});
