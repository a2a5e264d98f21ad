import preset from '../../tools/jest/preset.mjs';

// The longest suite by far: what runs beside it ends sooner, and then the other core would idle.
export default {
  ...preset,
  maxWorkers: 2,
  globals: {
    longestFirst: [
      'cluster/three-servers.test.ts',
      'crash.test.ts',
      'security/fuzz.test.ts',
      'archive/archive.test.ts',
      'process.test.ts',
      'real-input.test.ts',
      'production-tree.test.ts',
      'binary.test.ts',
    ],
  },
};
