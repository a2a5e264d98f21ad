import preset from '../../tools/jest/preset.mjs';

// The longest suite by far: what runs beside it ends sooner, and then the other core would idle.
export default { ...preset, maxWorkers: 2, setupFiles: ['<rootDir>/test/setup.mjs'] };
