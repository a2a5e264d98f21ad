import { logIndex } from '../../src/index.js';
import type {
  CommittedEntry,
  LogIndex,
  SnapshotMeta,
  SnapshotSource,
  StateMachine,
} from '../../src/index.js';

/** A counter in memory. Its log is the only durable copy, so nothing is ever compacted away. */
export class Counter implements StateMachine<number> {
  value = 0;
  applied = 0;
  readonly commands: string[] = [];
  /** What a copy held is durable here, as far as the log may be compacted. */
  durable = 0;

  open(): Promise<LogIndex> {
    return Promise.resolve(logIndex(0));
  }

  apply(entries: readonly CommittedEntry[]): readonly number[] {
    return entries.map(({ index, data }) => {
      this.value += data[0] ?? 0;
      this.applied = index;
      this.commands.push(String(data[0]));
      return this.value;
    });
  }

  durableIndex(): LogIndex {
    return logIndex(this.durable);
  }

  snapshot(): Promise<SnapshotSource> {
    const bytes = new TextEncoder().encode(JSON.stringify([this.value, this.commands]));
    async function* chunks(): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      yield bytes.subarray(0, 3);
      yield bytes.subarray(3);
    }
    return Promise.resolve({
      index: logIndex(this.applied),
      chunks: chunks(),
      release: () => Promise.resolve(),
    });
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const [value, commands] = JSON.parse(Buffer.concat(parts).toString()) as [number, string[]];
    this.value = value;
    this.commands.splice(0, Infinity, ...commands);
    this.applied = meta.index;
    this.durable = meta.index;
  }
}
