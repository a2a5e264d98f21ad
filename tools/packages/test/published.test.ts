import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pack, published, root } from '../src/published.ts';
import { lockFile } from './lock-file.ts';

const run = promisify(execFile);
const tsc = path.join(root, 'node_modules', '.bin', 'tsc');

interface Failed {
  readonly stdout: string;
}

const project = mkdtempSync(path.join(tmpdir(), 'fastpaca-packages-'));
const inProject = (...parts: string[]) => path.join(project, ...parts);

/** The first example of a README, which stands for itself. */
function example(folder: string): { readonly language: string; readonly code: string } {
  const readme = readFileSync(path.join(root, 'packages', folder, 'README.md'), 'utf8');
  const [, language = '', code = ''] = /^```(js|ts)\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  return { language, code };
}

/**
 * npm installs the packages' tarballs and the peers that their READMEs tell to install, in a project without anything. What
 * comes from the registry is linked to what is installed here, below the one package that declares it: nothing is loaded
 * anew, and a package that uses what it does not declare finds nothing. npm refuses versions that a manifest does not allow.
 */
async function install(): Promise<void> {
  const tarballs = await pack(
    published.map(({ folder }) => folder),
    project,
  );
  const { dependencies, packages } = lockFile(project, tarballs);
  const manifest = { type: 'module', private: true, dependencies };
  const lock = { lockfileVersion: 3, requires: true, packages: { '': { dependencies }, ...packages } };
  writeFileSync(inProject('package.json'), JSON.stringify(manifest));
  writeFileSync(inProject('package-lock.json'), JSON.stringify(lock));
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['ci', ...flags], { cwd: project });
}

/** Type-checks every example, and emits them into built/; what the checker says. */
async function compileExamples(): Promise<string> {
  for (const { folder } of published) {
    const { language, code } = example(folder);
    writeFileSync(inProject(`${folder}.${language}`), code);
  }
  writeFileSync(inProject('wrong.ts'), `import { nothing } from '${published[0]?.manifest.name ?? ''}';`);
  writeFileSync(
    inProject('tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2024',
        module: 'nodenext',
        strict: true,
        // An example in JavaScript has no types to write down.
        noImplicitAny: false,
        strictNullChecks: false,
        allowJs: true,
        checkJs: true,
        outDir: 'built',
        rootDir: '.',
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        skipLibCheck: false,
        types: ['node'],
      },
      files: ['wrong.ts', ...published.map(({ folder }) => `${folder}.${example(folder).language}`)],
    }),
  );
  const { stdout } = await run(tsc, ['-p', project, '--checkers', '1', '--pretty', 'false']).catch(
    (error: Failed) => error,
  );
  return stdout;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

let typeErrors: string;
beforeAll(async () => {
  await install();
  typeErrors = await compileExamples();
}, 360_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('packed and installed into an empty project', () => {
  test.each(published.map(({ folder, manifest }) => [manifest.name, folder]))(
    '%s has a README with an example, a changelog and a licence, and no tests',
    (name, folder) => {
      const files = readdirSync(inProject('node_modules', name));
      expect(files).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'LICENSE', 'dist']));
      expect(files).not.toContain('test');
      expect(example(folder).code).toContain(`'${name}'`);
    },
  );

  test('every example passes the type checker, which finds the one mistake beside them', () => {
    expect(typeErrors).toMatch(/^\S*wrong\.ts\(1,10\): error TS2305: .*'nothing'.*\n$/);
  });

  test.each(
    published.filter(({ folder }) => !['nestjs', 'client'].includes(folder)).map(({ folder }) => folder),
  )(
    'the example of %s runs',
    async (folder) => {
      const { language, code } = example(folder);
      const file = inProject(`run-${folder}.${language}`);
      writeFileSync(file, code);
      const cwd = mkdtempSync(inProject(`${folder}-`));
      const { stdout } = await run(process.execPath, [file], { cwd });
      expect(stdout).not.toBe('');
    },
    30_000,
  );

  test('the command runs as its README says', async () => {
    const bin = inProject('node_modules', '.bin', 'fastpaca');
    const { stdout } = await run(bin, ['--help']);
    expect(stdout).toMatch(/^Usage: fastpaca/);
    const readme = readFileSync(path.join(root, 'packages', 'cli', 'README.md'), 'utf8');
    const named = [...readme.matchAll(/^(?:echo .*\| )?fastpaca ([a-z]+)/gm)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(stdout).toMatch(new RegExp(`^  ${name ?? ''}[ |]`, 'm'));
    await expect(run(bin, ['no-such-command'])).rejects.toMatchObject({ code: 2 });
  });

  test('the client’s example talks to the application of the Nest module’s example', async () => {
    const port = await freePort();
    const built = readFileSync(inProject('built', 'nestjs.js'), 'utf8');
    writeFileSync(inProject('app.js'), built.replace('4000', String(port)));
    const app = spawn(process.execPath, [inProject('app.js')], { cwd: project, stdio: 'ignore' });
    try {
      for (let answer = null; !answer?.ok; await delay(50)) {
        expect(app.exitCode).toBeNull();
        answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
      }
      writeFileSync(inProject('use.js'), example('client').code.replace('4000', String(port)));
      const { stdout } = await run(process.execPath, [inProject('use.js')]);
      expect(stdout).toMatch(/^1 messages, \d+ tokens, version 1$/m);
    } finally {
      app.kill('SIGTERM');
      await once(app, 'exit');
    }
  });
});
