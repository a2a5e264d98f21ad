import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { RaftStorageKind } from '../raft/hosts.ts';
import type { RaftRun, RaftRunOptions } from '../raft/run.ts';

const run = promisify(execFile);
const entry = resolve(import.meta.dirname, '../raft/run.ts');
const PAYLOAD_BYTES = 128;
const IN_FLIGHT = 256;
const MAX_REPORT_BYTES = 256 * 1024 * 1024;

export interface RaftResult extends RaftRun {
  readonly storage: RaftStorageKind;
  readonly groups: number;
}

/**
 * Committed proposals of three nodes in one process, over storage in memory and over log-storage with
 * an fsync for every batch of each node, with one group and with many.
 */
export async function measureRaft(
  directory: string,
  shape: { readonly seconds: number; readonly warmUpSeconds: number; readonly profile: boolean },
  log: (line: string) => void,
): Promise<RaftResult[]> {
  const results: RaftResult[] = [];
  for (const storage of ['memory', 'log-storage'] as const) {
    for (const groups of [1, 256]) {
      const options: RaftRunOptions = {
        ...shape,
        storage,
        groups,
        inFlight: IN_FLIGHT,
        payloadBytes: PAYLOAD_BYTES,
        directory: join(directory, `raft-${storage}-${String(groups)}`),
      };
      const { stdout } = await run(process.execPath, [entry, JSON.stringify(options)], {
        maxBuffer: MAX_REPORT_BYTES,
      });
      const result: RaftResult = { ...(JSON.parse(stdout) as RaftRun), storage, groups };
      log(`${storage}, ${String(groups)} groups: ${Math.round(result.perSecond).toLocaleString('en')}/s`);
      results.push(result);
    }
  }
  return results;
}
