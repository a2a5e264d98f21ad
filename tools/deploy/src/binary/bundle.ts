import { cpSync, existsSync, globSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../../../..');
const nestjs = createRequire(path.join(root, 'packages/nestjs/package.json'));
const storage = createRequire(path.join(root, 'packages/log-storage/package.json'));
const tokens = createRequire(path.join(root, 'packages/token-budget/package.json'));

/**
 * Asked for in cases that are not ours, and not among what the server needs: Nest's adapter where no other was
 * given, and the priority of threads.
 */
const neverLoaded = ['@nestjs/platform-express', '@napi-rs/nice'];

/**
 * Leaves to the run what a dependency asks for when it is there (`bufferutil`, `class-validator`): these are
 * not installed in production either, and the dependency goes on without. A missing static import fails the build.
 */
const optionalDependencies: Plugin = {
  name: 'optional-dependencies',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async (asked) => {
      const { kind, importer, resolveDir, pluginData } = asked as typeof asked & { pluginData?: 'asked' };
      if (pluginData === 'asked' || (kind !== 'dynamic-import' && kind !== 'require-call')) return undefined;
      const found = await resolve(asked.path, { kind, importer, resolveDir, pluginData: 'asked' });
      return found.errors.length > 0 ? { path: asked.path, external: true } : found;
    });
  },
};

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Nest and errors show the names of classes.
  keepNames: true,
  metafile: true,
  logLevel: 'error',
  absWorkingDir: root,
};

/** CommonJS dependencies look for their files beside themselves, which is beside the bundle here. */
const commonJsGlobals = [
  "import { createRequire as bundleRequire } from 'node:module';",
  'const require = bundleRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

/**
 * Where the bundles lie, as deep below the manifest as the modules of the server that read it: a URL relative to a
 * module becomes one relative to its bundle.
 */
const place = 'dist/node';

async function bundleInto(directory: string): Promise<Metafile[]> {
  const esm: BuildOptions = { ...common, format: 'esm', banner: { js: commonJsGlobals } };
  const results = [
    build({
      ...esm,
      entryPoints: [path.join(root, 'apps/server/dist/main.js')],
      outfile: path.join(directory, place, 'server.mjs'),
      plugins: [optionalDependencies],
      external: [...neverLoaded, 'swagger-ui-dist', 'tiktoken'],
    }),
    // A thread starts with piscina's own file, which loads ours.
    build({
      ...common,
      format: 'cjs',
      entryPoints: [path.join(path.dirname(tokens.resolve('piscina')), 'worker.js')],
      outfile: path.join(directory, place, 'worker.js'),
      external: neverLoaded,
    }),
    build({
      ...esm,
      entryPoints: [path.join(root, 'packages/token-budget/dist/estimator/pool/count-worker.js')],
      outfile: path.join(directory, place, 'count-worker.js'),
      external: ['tiktoken'],
    }),
  ];
  return (await Promise.all(results)).map(({ metafile = { inputs: {}, outputs: {} } }) => metafile);
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
  cpSync(path.join(addon, prebuilds), path.join(directory, place, prebuilds), { recursive: true });
  const { name, version } = readManifest(path.join(root, 'apps/server'));
  // Without a type: the file that a thread starts with is CommonJS.
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name, version }));
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
 * Writes everything that the server needs to run, but Node, into an empty directory: the bundle, the thread that counts
 * tokens, the addon, and what is read as files. Returns their paths, relative to it.
 *
 * @throws Error where the server is not built, or something cannot be resolved
 */
export async function bundleServer(directory: string): Promise<string[]> {
  if (!existsSync(path.join(root, 'apps/server/dist/main.js')))
    throw new Error('apps/server is not built: run npm run build first');
  mkdirSync(directory, { recursive: true });
  const metafiles = await bundleInto(directory);
  copyFiles(directory);
  writeFileSync(path.join(directory, 'LICENSES.txt'), licences(metafiles));
  // The executable's own script cannot import files; one that it requires can.
  writeFileSync(path.join(directory, 'start.cjs'), `import('./${place}/server.mjs');\n`);
  return globSync('**/*', { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Bundles the executable's own script, which unpacks the rest. */
export async function bundleLauncher(file: string): Promise<void> {
  const entryPoints = [path.join(import.meta.dirname, 'launcher.ts')];
  await build({ ...common, format: 'cjs', entryPoints, outfile: file, keepNames: false });
}
