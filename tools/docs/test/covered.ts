/** What runs or compiles the blocks of a language on a page. */
export interface Cover {
  readonly page: string;
  readonly language: string;
  /** The test. It must name the page. */
  readonly by: string;
  /** How many blocks of the page it covers, from the first on. Default: all, as it looks for them itself. */
  readonly first?: number;
}

const quickStarts = 'apps/server/test/docs.test.ts';
const cli = 'packages/cli/test/docs.test.ts';
const client = 'packages/client/test/docs.test.ts';
const stream = 'apps/server/test/stream/streaming-page.test.ts';
const raft = 'packages/raft-core/test/docs/embedding.test.ts';
const archive = 'packages/archiver/test/archive-page.test.ts';
const counting = 'packages/token-budget/test/estimator/dist.test.ts';

/**
 * Every test that covers blocks of pages. A block of code that no line covers, and that blocks.test.ts does not check by
 * itself, fails it: write a test that runs the block, and its line here.
 */
export const covered: readonly Cover[] = [
  { page: 'README.md', language: 'bash', by: quickStarts },
  { page: 'docs/quick-start.md', language: 'bash', by: quickStarts },
  { page: 'docs/cluster/unavailable.md', language: 'bash', by: quickStarts },
  { page: 'docs/streaming.md', language: 'bash', by: stream },
  { page: 'docs/streaming.md', language: 'js', by: stream },
  { page: 'docs/cli.md', language: 'bash', by: cli },
  { page: 'packages/cli/README.md', language: 'bash', by: cli },
  { page: 'docs/client.md', language: 'js', by: client },
  { page: 'packages/client/README.md', language: 'js', by: client },
  { page: 'docs/raft/embedding.md', language: 'js', by: raft },
  { page: 'docs/raft/simulator.md', language: 'js', by: raft },
  { page: 'docs/archive.md', language: 'sql', by: archive },
  {
    page: 'packages/context-store/README.md',
    language: 'js',
    by: 'packages/context-store/test/docs.test.ts',
  },
  { page: 'docs/operations/monitoring.md', language: 'promql', by: 'tools/deploy/test/monitoring.test.ts' },
  { page: 'packages/token-budget/README.md', language: 'js', by: counting, first: 1 },
  {
    page: 'packages/archiver/README.md',
    language: 'ts',
    by: 'packages/archiver/test/docs.test.ts',
    first: 1,
  },
];

/** Runs or compiles the first example of each package's README, from the packed package. */
export const firstExamples = 'tools/packages/test/published.test.ts';

/** A piece of something, and what has to stand around it so that it compiles. */
export interface Fragment {
  readonly page: string;
  /** With which it begins, once on its page. */
  readonly begins: string;
  readonly around: string;
}

export const fragments: readonly Fragment[] = [
  {
    page: 'docs/client.md',
    begins: 'new DefaultChatTransport({',
    around: "import { DefaultChatTransport } from 'ai';",
  },
  {
    page: 'packages/nestjs/README.md',
    begins: 'ContextStoreModule.forRootAsync({',
    around: `
      import { ContextStore, type ContextStoreOptions } from '@fastpaca/context-store';
      import { ContextStoreModule } from '@fastpaca/nestjs';
      import type { Registry } from 'prom-client';
      declare const registry: Registry;
      declare class Settings implements ContextStoreOptions {
        directory: ContextStoreOptions['directory'];
        estimator: ContextStoreOptions['estimator'];
        onFatal: ContextStoreOptions['onFatal'];
      }`,
  },
  { page: 'packages/token-budget/README.md', begins: 'import {\n  appendToWindow,', around: '' },
  { page: 'packages/archiver/README.md', begins: 'import { PostgresArchive }', around: '' },
  {
    page: 'packages/archiver/README.md',
    begins: "import { test } from '@jest/globals';",
    around: `
      import type { ArchiveAdapter } from '@fastpaca/archiver';
      declare function myArchive(): ArchiveAdapter;`,
  },
];
