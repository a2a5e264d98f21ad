import { fileURLToPath } from 'node:url';

/**
 * Shared Jest configuration: ESM through swc, workspace packages resolved to their sources, so that
 * no build stands between an edit and its test.
 */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@fastpaca/source', 'node', 'node-addons'] },
  // What a test waits for is a condition; this only ends one that hangs, also on a machine that has other things to do.
  testTimeout: 120_000,
  workerIdleMemoryLimit: '1GB',
  // On a busy machine a process takes longer than Jest's half second to end, and would be taken for one that something keeps.
  workerGracefulExitTimeout: 10_000,
  testSequencer: fileURLToPath(new URL('longest-first.mjs', import.meta.url)),
};
