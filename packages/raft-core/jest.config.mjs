import preset from '../../tools/jest/preset.mjs';

// Short files that start processes for most of the time that all take.
export default { ...preset, globals: { longestFirst: ['simulation/simulation.test.ts'] } };
