import preset from '../../tools/jest/preset.mjs';

// The longest suite by far: what runs beside it ends sooner, and then the other core would idle.
export default {
  ...preset,
  maxWorkers: 2,
  globals: {
    longestFirst: [
      'security/fuzz.test.ts',
      'crash.test.ts',
      'cluster/three-servers.test.ts',
      'real-input.test.ts',
      'archive/archive.test.ts',
      'binary.test.ts',
      'process.test.ts',
      'production-tree.test.ts',
    ],
  },
};
