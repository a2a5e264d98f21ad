import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { neverLoaded, whatIsNotNeeded } from './what-is-not-needed.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const nestjs = createRequire(path.join(root, 'packages/nestjs/package.json'));
const storage = createRequire(path.join(root, 'packages/log-storage/package.json'));
const tokens = createRequire(path.join(root, 'packages/token-budget/package.json'));

const common = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Not minified, so that a stack names a place that can be read: with a source map, the first stack of a running server
  // would parse 3 MB of it for half a second.
  keepNames: true,
  metafile: true,
  logLevel: 'error',
  // It looks in several folders for an addon that is not there.
  define: { 'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"' },
  absWorkingDir: root,
} satisfies BuildOptions;

/** CommonJS dependencies look for their files beside themselves, which is beside the bundle here. */
const commonJsGlobals = [
  "import { createRequire as bundleRequire } from 'node:module';",
  'const require = bundleRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

async function bundleInto(directory: string): Promise<Metafile[]> {
  const esm = { ...common, format: 'esm', banner: { js: commonJsGlobals } } satisfies BuildOptions;
  const results = [
    // What is imported when it is needed, tracing and its 2 MB first of all, stays in files of its own.
    build({
      ...esm,
      entryPoints: [path.join(root, 'apps/server/dist/main.js')],
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      splitting: true,
      plugins: whatIsNotNeeded,
      external: [...neverLoaded, 'swagger-ui-dist', 'tiktoken'],
    }),
    // A thread starts with piscina's own file, which loads ours.
    build({
      ...common,
      format: 'cjs',
      entryPoints: [path.join(path.dirname(tokens.resolve('piscina')), 'worker.js')],
      outfile: path.join(directory, 'worker.js'),
      external: neverLoaded,
    }),
    build({
      ...esm,
      entryPoints: [path.join(root, 'packages/token-budget/dist/estimator/pool/count-worker.js')],
      outfile: path.join(directory, 'count-worker.js'),
      external: ['tiktoken'],
    }),
  ];
  return (await Promise.all(results)).map(({ metafile }) => metafile);
}

/** Only comments have other characters: with one of them V8 keeps two bytes for each of six million. */
function asciiOf(code: string): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return code.replaceAll(/[^\0-\x7f]/g, escaped);
}

/**
 * A bundler renames what has the same name as something else in it, and Nest's logs and the schemas of the API are named
 * after classes: `keepNames` gives the names back. It does so for every closure too, each time that it is made, which
 * took a quarter of the server's time. The names of functions are for stacks only, and stay as the bundler chose.
 */
function nameClassesOnly(file: string): void {
  const code = readFileSync(file, 'utf8');
  const unnamed = code.replaceAll(/\b__name\((?!this,|class\b)/g, '__unnamed(');
  writeFileSync(file, `${asciiOf(unnamed)}\nfunction __unnamed(value) {\n  return value;\n}\n`);
}

/** A package that is read as files at run time: its manifest, and what the patterns name. */
function copyPackage(directory: string, manifest: string, patterns: readonly string[]): void {
  const from = path.dirname(manifest);
  const to = path.join(directory, 'node_modules', path.basename(from));
  for (const file of globSync(['package.json', 'LICENSE*', 'NOTICE', ...patterns], { cwd: from }))
    cpSync(path.join(from, file), path.join(to, file));
}

function copyFiles(directory: string): void {
  copyPackage(directory, nestjs.resolve('swagger-ui-dist/package.json'), [
    'index.js',
    'absolute-path.js',
    'swagger-ui.css',
    'index.css',
    'swagger-ui-{bundle,standalone-preset}.js',
    'favicon-*.png',
    'oauth2-redirect.*',
  ]);
  const tiktoken = path.dirname(tokens.resolve('tiktoken/model_to_encoding.json'));
  copyPackage(directory, path.join(tiktoken, 'package.json'), ['model_to_encoding.json', 'encoders/*.json']);
  // node-gyp-build looks for prebuilds/ beside the file that asks: the bundle.
  const prebuilds = path.join('prebuilds', `${process.platform}-${process.arch}`);
  const addon = path.dirname(storage.resolve('classic-level/package.json'));
  cpSync(path.join(addon, prebuilds), path.join(directory, prebuilds), { recursive: true });
  // Without a type, whatever the one above has: the file that a thread starts with is CommonJS.
  writeFileSync(path.join(directory, 'package.json'), '{}\n');
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as Manifest;
}

/** The licences of everything inside, as they ask to be passed on. */
function licences(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const texts = [...new Set(packages)].sort().map((folder) => {
    const directory = path.join(root, folder);
    const manifest = readManifest(directory);
    const files = readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(licen[cs]e|notice)/i.test(entry.name))
      .map(({ name }) => name);
    const body = files.map((name) => readFileSync(path.join(directory, name), 'utf8').trim()).join('\n\n');
    return `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})\n\n${body}`;
  });
  const own = `Fastpaca Context Store\n\n${readFileSync(path.join(root, 'LICENSE'), 'utf8').trim()}`;
  return `${[own, ...texts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/**
 * Writes the server with everything that it needs but Node, some 1,500 modules in a few files: loading them one by one
 * is most of a start. `directory` is emptied first. `main.mjs` there is what to run; it is two directories below the
 * server's manifest, whose version it reads, as the modules are that it is made of.
 *
 * @throws Error where the server is not built, or something cannot be resolved
 */
export async function bundleServer(directory: string): Promise<void> {
  if (!existsSync(path.join(root, 'apps/server/dist/main.js')))
    throw new Error('apps/server is not built: run npm run build first');
  // Beside it and renamed when it is whole: what is there is what runs.
  const fresh = `${directory}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const metafiles = await bundleInto(fresh);
  for (const name of globSync('*.mjs', { cwd: fresh })) nameClassesOnly(path.join(fresh, name));
  copyFiles(fresh);
  writeFileSync(path.join(fresh, 'LICENSES.txt'), licences(metafiles));
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
}
