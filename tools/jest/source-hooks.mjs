import { transformSync } from '@swc/core';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

// Lets Node load the sources, and test files that import `@jest/globals`.

const globals = new URL('globals.mjs', import.meta.url).href;
const cache = new URL('../../node_modules/.cache/javascript/', import.meta.url);
mkdirSync(cache, { recursive: true });
const decorators = /^\s*@[A-Z]/m;
const swc = {
  configFile: false,
  swcrc: false,
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
};

/** Blanks out the types, so that lines and columns stay; where that is not enough, as with what Nest reads, it compiles. */
function toJavaScript(source, filename) {
  try {
    if (!decorators.test(source)) return stripTypeScriptTypes(source);
  } catch (error) {
    if (error.code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') throw error;
  }
  return transformSync(source, { ...swc, filename }).code;
}

/** Every worker of every package loads the same sources, which is most of a second each time. */
function toJavaScriptOnce(source, filename) {
  const kept = fileURLToPath(
    new URL(hash('sha256', `${process.version}${JSON.stringify(swc)}${source}`), cache),
  );
  try {
    return readFileSync(kept, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const code = toJavaScript(source, filename);
  // Others may write it at the same time, or read it.
  writeFileSync(`${kept}.${process.pid}`, code);
  renameSync(`${kept}.${process.pid}`, kept);
  return code;
}

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
    if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL !== undefined) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return { url: source.href, shortCircuit: true };
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    const { pathname } = new URL(url);
    if (!pathname.endsWith('.ts') || pathname.includes('/node_modules/')) return next(url, context);
    const filename = fileURLToPath(url);
    const source = toJavaScriptOnce(readFileSync(filename, 'utf8'), filename);
    return { format: 'module', source, shortCircuit: true };
  },
});
