import preset from './tools/jest/preset.mjs';

/**
 * Every package's tests in one run: its workers load what packages share once, and none idles while another package has
 * files left. `npm test` starts it; a package's own configuration is for that package alone.
 */
export default {
  ...preset,
  projects: ['<rootDir>/{packages,apps,tools}/*/jest.config.mjs'],
};
