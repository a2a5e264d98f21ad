import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EdgeVM } from '@edge-runtime/vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { sharedStoreUrl } from '../shared-store.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('.', import.meta.url));
const root = path.join(folder, '../../../..');
const bin = path.join(root, 'node_modules/.bin');
const entry = path.join(folder, '../../src/index.ts');

const said = ['¿Qué tal? 🦙', 'Bien.'];
const expected = { texts: said, streamed: said, window: 2, counted: true, conflict: true };

const chromiums = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const chromiumPath = chromiums.find((candidate) => candidate !== undefined && existsSync(candidate));
if (chromiumPath === undefined) {
  console.warn('No Chromium: that test is skipped. apt-get install chromium, or set CHROMIUM_PATH.');
}

describe('the package runs', () => {
  const storeUrl = sharedStoreUrl();
  let directory: string;
  let bundle: string;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-bundle-'));
    bundle = path.join(directory, 'fastpaca.mjs');
    // `platform: neutral` knows no built-in of any runtime: an import of one fails the build.
    await build({ entryPoints: [entry], bundle: true, platform: 'neutral', format: 'esm', outfile: bundle });
  }, 90_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const runtimes: [string, string, string[]][] = [
    ['on Node', process.execPath, []],
    ['on Bun', path.join(bin, 'bun'), ['run']],
    [
      'on Deno',
      path.join(bin, 'deno'),
      ['run', '--allow-net=127.0.0.1', '--allow-read', '--no-config', '--no-lock'],
    ],
  ];
  for (const [name, command, options] of runtimes) {
    const runs = existsSync(command) ? test : test.skip;
    runs(name, async () => {
      const id = name.replace(/\W/g, '-');
      const script = path.join(folder, 'run.mjs');
      const arguments_ = [...options, script, pathToFileURL(bundle).href, storeUrl, id];
      const { stdout } = await run(command, arguments_, { cwd: directory, timeout: 25_000 });
      expect(JSON.parse(stdout)).toEqual(expected);
    });
  }

  /** The conversation as a classic script, which leaves its outcome in `globalThis.outcome`. */
  async function classicScript(id: string): Promise<string> {
    const source = `import * as fastpaca from ${JSON.stringify(bundle)};
      import { conversation } from ${JSON.stringify(path.join(folder, 'conversation.mjs'))};
      globalThis.outcome = conversation(fastpaca, ${JSON.stringify(storeUrl)}, ${JSON.stringify(id)});`;
    const script = await build({
      stdin: { contents: source, resolveDir: directory },
      bundle: true,
      platform: 'neutral',
      format: 'iife',
      write: false,
    });
    return script.outputFiles[0]?.text ?? '';
  }

  test('on an edge runtime, which has web globals and nothing else', async () => {
    const vm = new EdgeVM();
    expect(vm.evaluate('typeof process + typeof Buffer + typeof require')).toBe('undefined'.repeat(3));
    vm.evaluate(await classicScript('edge'));
    const outcome = (await vm.evaluate('outcome')) as unknown;
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(expected);
  });

  (chromiumPath === undefined ? test.skip : test)(
    'in Chromium, on a page of the same origin',
    async () => {
      const browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
      try {
        const page = await browser.newPage();
        const html = { contentType: 'text/html', body: '<!doctype html><title>test</title>' };
        await page.route(`${storeUrl}/page.html`, (route) => route.fulfill(html));
        await page.goto(`${storeUrl}/page.html`);
        await page.addScriptTag({ content: await classicScript('chromium') });
        expect(await page.evaluate('outcome')).toEqual(expected);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});

describe('the bundle', () => {
  async function bundled(source: string): Promise<{ text: string; inputs: string[] }> {
    const folder = path.join(root, 'packages/client');
    const result = await build({
      absWorkingDir: folder,
      stdin: { contents: source, resolveDir: folder, loader: 'ts' },
      bundle: true,
      minify: true,
      platform: 'neutral',
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'error',
    });
    const [output] = Object.values(result.metafile.outputs);
    const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    return { text: result.outputFiles[0]?.text ?? '', inputs: inputs.map(([name]) => name) };
  }

  test('has nothing of another package in it', async () => {
    const { inputs } = await bundled(`export * from '@fastpaca/fastpaca';`);
    expect(inputs.length).toBeGreaterThan(5);
    for (const input of inputs) expect(input).toMatch(/^(dist\/|src\/|<stdin>)/);
  });

  test('is empty where nothing of it is used', async () => {
    const { text } = await bundled(
      `import '@fastpaca/fastpaca'; import { createClient } from '@fastpaca/fastpaca';`,
    );
    expect(text.trim()).toBe('');
  });

  test('holds only what is used', async () => {
    const { inputs } = await bundled(`export { ConflictError } from '@fastpaca/fastpaca';`);
    expect(inputs.filter((input) => input.includes('client/'))).toEqual([]);
    expect(inputs.map((input) => path.basename(input, '.js'))).toEqual(['errors']);
  });
});
