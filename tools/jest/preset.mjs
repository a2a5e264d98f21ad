import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Shared Jest configuration of a package; what concerns a whole run stands in run.mjs. Node loads the modules (run.mjs says
 * how): ESM, workspace packages from their sources, so that no build stands between an edit and its test.
 */
export default {
  testEnvironment: 'node',
  testRunner: file('native-test-runner.mjs'),
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {},
  // What a test waits for is a condition; this only ends one that hangs, also on a machine that has other things to do.
  testTimeout: 120_000,
};
