import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** The files that take long. Many of them are short: they start processes. */
const longest = [
  'apps/server/test/crash.test.ts',
  'packages/raft-core/test/simulation/simulation.test.ts',
  'tools/packages/test/published.test.ts',
  'apps/server/test/security/fuzz.test.ts',
  'apps/server/test/real-input.test.ts',
  'tools/bench/test/scenarios.test.ts',
  'apps/server/test/cluster/three-servers.test.ts',
  'apps/server/test/archive/archive.test.ts',
  'packages/cli/test/docs.test.ts',
  'apps/example-chat/test/page.test.ts',
  'packages/archiver/test/faults/postgres-faults.test.ts',
  'packages/context-store/test/archive/archive.test.ts',
  'apps/server/test/binary.test.ts',
  'tools/bench/test/cluster.test.ts',
  'tools/chaos/test/chaos.test.ts',
  'apps/server/test/process.test.ts',
  'tools/chaos/test/cluster.test.ts',
  'packages/log-storage/test/faults/kill.test.ts',
  'packages/log-storage/test/faults/damaged-files.test.ts',
  'packages/client/test/own-store.test.ts',
  'packages/client/test/runtimes/runtimes.test.ts',
  'apps/server/test/production-tree.test.ts',
];

/**
 * Starts the longest files first, then the others as Jest would. Where nothing has run yet Jest goes by the size of the
 * file, and a short one that starts processes for a minute would be the last: one core works, and the others idle.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = longest.findIndex((name) => path.endsWith(`/${name}`));
      return at === -1 ? longest.length : at;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
