import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startServer, type RunningServer } from './server-process.js';

const run = promisify(execFile);
const root = new URL('../../../', import.meta.url);

/** The fenced `bash` blocks of a page: the ones that a reader pastes against a running server. */
function pasteableBlocks(page: string): string[] {
  const text = readFileSync(fileURLToPath(new URL(page, root)), 'utf8');
  return [...text.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

describe('every line of the quick starts works as pasted', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  test.each(['README.md', 'docs/quick-start.md', 'docs/cluster/unavailable.md'])('%s', async (page) => {
    const blocks = pasteableBlocks(page);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      const script = block
        .replaceAll('http://localhost:4000', server.url)
        .replaceAll('curl -s', 'curl -sS --fail-with-body');
      // A status of 400 or more ends the script, and with it the test, with the server's answer.
      await run('bash', ['-euo', 'pipefail', '-c', script]);
    }
  });
});
