import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Asked for in cases that are not ours, and not among what the server needs: Nest's adapter where no other was given, the
 * priority of threads, requests without a socket, and the compilers of schemas of Fastify's own.
 */
export const neverLoaded = [
  '@nestjs/platform-express',
  '@napi-rs/nice',
  'light-my-request',
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
];

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

/** For these `node:http` loads a client of 400 KB, which the server never uses. */
const ofClient = new Set(['WebSocket', 'CloseEvent', 'MessageEvent']);

/**
 * An ESM import of one of Node's modules asks for each of its exports, and some load more modules: the client was a tenth
 * of a start. Here only the names that are imported are asked for, and who imports one of the client's fails the build.
 */
const builtinsByName: Plugin = {
  name: 'builtins-by-name',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:_/]+$/ }, ({ kind, path }) =>
      kind === 'import-statement' && isBuiltin(path)
        ? { path: path.replace('node:', ''), namespace: 'by-name' }
        : undefined,
    );
    onLoad({ filter: /./, namespace: 'by-name' }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter(
        (name) => name !== 'default' && !ofClient.has(name),
      );
      const lines = [
        `const builtin = process.getBuiltinModule('node:${path}');`,
        'export default builtin;',
        ...names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`),
      ];
      return { contents: lines.join('\n') };
    });
  },
};

/**
 * A start without TLS needs none of these, and they are a twentieth of it. A module that only names one of them gets it
 * when it first uses it.
 */
const builtinsWhenUsed: Plugin = {
  name: 'builtins-when-used',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?(http2|https|tls)$/ }, ({ kind, path }) =>
      kind === 'require-call' ? { path: path.replace('node:', ''), namespace: 'when-used' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'when-used' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, key) => process.getBuiltinModule('${path}')[key] });`,
    }));
  },
};

/** Zod's messages in fifty languages, which it imports to let its users choose. */
const zodInEnglish: Plugin = {
  name: 'zod-in-english',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Nest's own loggers, which are not used, make a format of dates as they are loaded: for that ICU reads its data, 20 ms. */
const noDatesOfNest: Plugin = {
  name: 'no-dates-of-nest',
  setup({ onLoad }) {
    onLoad({ filter: /@nestjs.common.services.(console-)?logger\.service\.js$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      const eager = /const dateTimeFormatter = (new Intl\.DateTimeFormat\([^;]*\));/;
      if (!eager.test(code)) throw new Error(`${path} makes its format of dates in another way`);
      return {
        contents: code.replace(eager, 'const dateTimeFormatter = { format: (date) => $1.format(date) };'),
      };
    });
  },
};

/** What keeps out of the bundle, or out of a start, what the server does not use. */
export const whatIsNotNeeded = [
  optionalDependencies,
  builtinsByName,
  builtinsWhenUsed,
  zodInEnglish,
  noDatesOfNest,
];
