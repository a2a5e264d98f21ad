import preset from '../../tools/jest/preset.mjs';

export default {
  ...preset,
  // One server for most files: its start costs more than what they ask of it.
  globalSetup: '<rootDir>/test/shared-store.ts',
  globalTeardown: '<rootDir>/test/shared-store-end.ts',
};
