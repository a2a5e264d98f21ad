import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { createClient } from '../src/index.js';
import { sharedStoreUrl } from './shared-store.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const own = path.join(root, 'packages/client');

// Inside of the package, where `@fastpaca/fastpaca` and `ai` are found; Git and the linter pass it over.
mkdirSync(path.join(own, '.jest'), { recursive: true });
const directory = mkdtempSync(path.join(own, '.jest/docs-'));

/** In the place of the reader's own model. */
const model = `
import { MockLanguageModelV4 } from 'ai/test';
const usage = { inputTokens: {}, outputTokens: {} };
const finishReason = { unified: 'stop' };
const parts = [
  { type: 'text-start', id: '1' }, { type: 'text-delta', id: '1', delta: 'Tomorrow.' }, { type: 'text-end', id: '1' },
  { type: 'finish', usage, finishReason },
];
export const model = new MockLanguageModelV4({
  doStream: async () => ({ stream: ReadableStream.from(parts) }),
  doGenerate: async () => ({ content: [{ type: 'text', text: 'A summary.' }], usage, finishReason, warnings: [] }),
});
`;

writeFileSync(path.join(directory, 'model.js'), model);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The `js` blocks of a page. */
function blocksOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

async function execute(name: string, source: string): Promise<string> {
  const file = path.join(directory, `${name}.mjs`);
  const seen = new Set<string>();
  // A page imports a name again where a reader begins in its middle.
  const program = source.replace(/^import \{ (.*) \} from (.*);$/gm, (_, names: string, from: string) => {
    const fresh = names.split(', ').filter((imported) => !seen.has(imported));
    for (const imported of fresh) seen.add(imported);
    return `import { ${fresh.join(', ')} } from ${from};`;
  });
  writeFileSync(file, program.replaceAll('http://localhost:4000', sharedStoreUrl()));
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: directory, timeout: 25_000 });
  expect(stderr).toBe('');
  return stdout;
}

test('the quick start of the README works as it is', async () => {
  const [quickStart] = blocksOf('packages/client/README.md');
  const output = await execute('quick-start', quickStart ?? '');
  expect(output).toMatch(/^1 messages, \d+ tokens, version 1\n1 user\n2 assistant\n$/);
});

test('every block of the README works after the ones before', async () => {
  const blocks = blocksOf('packages/client/README.md');
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  const output = await execute('readme', blocks.join('\n').replaceAll('chat-42', 'readme'));
  expect(output).toContain('the version is 2');
});

test('every block of the guide works after the ones before, and its chat route answers', async () => {
  const blocks = blocksOf('docs/client.md');
  expect(blocks.length).toBeGreaterThanOrEqual(9);
  const route = `
    const message = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'When?' }] };
    const body = JSON.stringify({ id: 'guide-route', message });
    console.log(await (await POST(new Request('http://app.test', { method: 'POST', body }))).text());
    console.log(JSON.stringify(await (await GET(new Request('http://app.test?id=guide-route'))).json()));`;
  const output = await execute('guide', [...blocks, route].join('\n'));
  expect(output).toContain('support-17');
  expect(output).toContain('"delta":"Tomorrow."');
  const ctx = await createClient({ baseUrl: sharedStoreUrl() }).context('guide-route');
  expect((await ctx.getTail()).map(({ role }) => role)).toEqual(['user', 'assistant']);
});
