import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/**
 * Starts the files that a configuration names under `globals.longestFirst`, then the others as Jest would. Where nothing
 * has run yet Jest goes by the size of the file, and a short one that starts processes for a minute would be the last:
 * one core works, and the others idle.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path, context }) => {
      const names = context.config.globals.longestFirst ?? [];
      const at = names.findIndex((name) => path.endsWith(`/test/${name}`));
      return at === -1 ? names.length : at;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
