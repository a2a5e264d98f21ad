import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Shared Jest configuration. Node loads the modules (run.mjs says how): ESM, workspace packages from their sources, so that
 * no build stands between an edit and its test.
 */
export default {
  testEnvironment: 'node',
  testRunner: file('native-test-runner.mjs'),
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {},
  // What a test waits for is a condition; this only ends one that hangs, also on a machine that has other things to do.
  testTimeout: 120_000,
  workerIdleMemoryLimit: '1GB',
  // On a busy machine a process takes longer than Jest's half second to end, and would be taken for one that something keeps.
  workerGracefulExitTimeout: 10_000,
  testSequencer: file('longest-first.mjs'),
  maxWorkers: '100%',
};
