import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { type Fragment, covered, firstExamples, fragments } from './covered.ts';
import { type Block, blocksOf, pages, read, root } from './pages.ts';

// Every block of code in every page runs or is compiled somewhere. How, by its language:
//   js, ts, bash, sql,
//   promql                 a test that covered.ts names. `bash` is for what a reader pastes against a running server.
//   ts, js fragments       compiled here, with what covered.ts puts around them
//   json, yaml             parsed here
//   sh                     commands that need more than a test has, such as an engine or root: what they name is checked here
//   text, raft, none       no code. The scenarios of raft-core play the blocks called raft.

const run = promisify(execFile);
const blocks = pages.flatMap(blocksOf);
const where = ({ page, line }: Block): string => `${page}:${line}`;
const isFragment = ({ page, code }: Block): boolean =>
  fragments.some((fragment) => fragment.page === page && code.startsWith(fragment.begins));

/** How many blocks of this language stand above on the page. */
function position(block: Block): number {
  const before = ({ page, language, line }: Block) =>
    page === block.page && language === block.language && line < block.line;
  return blocks.filter(before).length;
}

function isFirstExample(block: Block): boolean {
  if (!/^packages\/[^/]+\/README\.md$/.test(block.page)) return false;
  const first = blocks.find(({ page, language }) => page === block.page && /^[jt]s$/.test(language));
  return first === block;
}

function isCovered(block: Block): boolean {
  return covered.some(
    ({ page, language, first = Infinity }) =>
      page === block.page && language === block.language && position(block) < first,
  );
}

const checks: Readonly<Record<string, (block: Block) => boolean>> = {
  js: (block) => isCovered(block) || isFirstExample(block) || isFragment(block),
  ts: (block) => isCovered(block) || isFirstExample(block) || isFragment(block),
  promql: isCovered,
  bash: isCovered,
  sql: isCovered,
  json: ({ code }) => code.trim().split('\n').every(isJson) || isJson(code),
  yaml: ({ code }) => parseYaml(code) !== undefined,
  sh: () => true,
  raft: ({ page }) => page.startsWith('packages/raft-core/test/scenarios/'),
  text: ({ code }) => !looksLikeCode(code),
  '': ({ code }) => !looksLikeCode(code),
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A reader would paste it, whatever its fence calls it. */
function looksLikeCode(code: string): boolean {
  return /^\s*(\$ |curl |npm |npx |docker |kubectl |sudo |import .* from |const \w+ = |export (const|function) )/m.test(
    code,
  );
}

test('every block of code runs or is compiled somewhere', () => {
  const failed = blocks.filter((block) => !(checks[block.language]?.(block) ?? false));
  expect(failed.map((block) => `${where(block)} ${block.language}`)).toEqual([]);
});

test.each(covered)('$page: $by names it, and there are blocks of $language', ({ page, language, by }) => {
  // Some tests stand in the page's package and name it by the rest of its path.
  expect(read(by)).toContain(path.posix.basename(page));
  expect(blocks.some((block) => block.page === page && block.language === language)).toBe(true);
});

test('the first example of every package is taken by the test that says so', () => {
  expect(read(firstExamples)).toContain('/^```(js|ts)\\n([\\s\\S]*?)^```$/m');
  const readmes = readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  for (const readme of readmes.filter((file) => pages.includes(file)))
    expect(blocks.filter((block) => block.page === readme).some(isFirstExample)).toBe(true);
});

test('fragments compile, with what they are a piece of around them; one that is wrong does not', async () => {
  const wrong = { page: '', begins: '', around: "import { none } from '@fastpaca/fastpaca';" };
  const errors = (await typeErrors([...fragments, wrong])).trimEnd().split('\n');
  expect(errors).toEqual([expect.stringMatching(/\(1,10\): error TS2305: .*no exported member 'none'/)]);
}, 120_000);

/** What the type checker says of fragments, in the package whose page they are on, against the sources of the others. */
async function typeErrors(all: readonly Fragment[]): Promise<string> {
  const directories = new Map<string, string>();
  const files = all.map(({ page, begins, around }, index) => {
    const owner = /^packages\/[^/]+/.exec(page)?.[0] ?? 'packages/client';
    const own = path.join(root, owner, '.jest');
    mkdirSync(own, { recursive: true });
    const directory = directories.get(own) ?? mkdtempSync(path.join(own, 'fragments-'));
    directories.set(own, directory);
    const code = blocks.find((block) => block.page === page && block.code.startsWith(begins))?.code ?? '';
    const file = path.join(directory, `fragment-${index}.ts`);
    writeFileSync(file, `${around}\n${code}\nexport {};\n`);
    return file;
  });
  const options = {
    ...{ noEmit: true, strict: true, skipLibCheck: true, target: 'es2024', module: 'nodenext' },
    ...{ customConditions: ['@fastpaca/source'], experimentalDecorators: true, types: ['node'] },
    lib: ['es2024', 'dom'],
  };
  const config = path.join(path.dirname(files[0] ?? ''), 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files }));
  try {
    const tsc = path.join(root, 'node_modules/.bin/tsc');
    const { stdout } = await run(process.execPath, [
      tsc,
      '-p',
      config,
      '--checkers',
      '1',
      '--pretty',
      'false',
    ]).catch((error: { readonly stdout: string }) => error);
    return stdout;
  } finally {
    for (const directory of directories.values()) rmSync(directory, { recursive: true, force: true });
  }
}

describe('commands', () => {
  const commands = blocks.filter(({ language }) => language === 'sh' || language === 'bash');

  test('are what a shell can read', () => {
    for (const block of commands) {
      const check = () =>
        execFileSync('bash', ['-n'], { input: block.code, encoding: 'utf8', stdio: 'pipe' });
      expect({ at: where(block), check: check() }).toEqual({ at: where(block), check: '' });
    }
  });

  test('name only scripts, packages and files that exist', () => {
    const faults = commands.flatMap((block) => missing(block.code).map((what) => `${where(block)} ${what}`));
    expect(faults).toEqual([]);
  });

  test('that name what does not exist would be found', () => {
    expect(missing('npm run no-such-script')).toHaveLength(1);
    expect(missing('npm run no-such-script --workspace @fastpaca/server')).toHaveLength(1);
    expect(missing('npm install @fastpaca/none')).toHaveLength(1);
    expect(missing('docker build -f docker/None .')).toHaveLength(1);
  });
});

interface Manifest {
  readonly name: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

const manifests = new Map(
  [
    '.',
    ...['packages', 'apps', 'tools'].flatMap((f) => readdirSync(path.join(root, f)).map((p) => `${f}/${p}`)),
  ]
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => JSON.parse(read(`${folder}/package.json`)) as Manifest)
    .map((manifest) => [manifest.name, manifest]),
);

/** What commands ask for that the repository does not have. */
function missing(code: string): string[] {
  const lines = code.replace(/\\\n/g, ' ').replace(/#.*$/gm, '');
  const scripts = [...lines.matchAll(/\bnpm (?:run |(?=start|test))([\w:-]+)([^\n&|]*)/g)].filter(
    ([, script = '', rest = '']) => {
      const workspace = /(?:--workspace[= ]|-w )(\S+)/.exec(rest)?.[1] ?? 'fastpaca-context-store';
      return manifests.get(workspace)?.scripts?.[script] === undefined;
    },
  );
  const packages = [...lines.matchAll(/@fastpaca\/[\w-]+/g)].filter(([name]) => !manifests.has(name));
  const files = [...lines.matchAll(/(?<=^|[\s=])(?:docker|apps|packages|tools|docs)\/[\w./-]*/g)].filter(
    ([file]) => !existsSync(path.join(root, file)) && !file.includes('/dist/'),
  );
  return [...scripts, ...packages, ...files].map(([what]) => what);
}

test('every variable that a page names is one that our code reads', () => {
  const sources = globSync(['{apps,packages}/*/src/**/*.ts', 'apps/*/*.mjs'], { cwd: root });
  const name = /\bFASTPACA_[A-Z_]+\b/g;
  const known = new Set(sources.flatMap((file) => read(file).match(name) ?? []));
  const named = pages.flatMap((page) => (read(page).match(name) ?? []).map((found) => ({ page, found })));
  expect(named.filter(({ found }) => !known.has(found))).toEqual([]);
});
