import type { Outcome } from '../history/operation.ts';
import type { Recorder } from '../history/recorder.ts';

/** A kind of read, and what its answer shows. */
export interface Reading {
  readonly path: string;
  see(context: string, body: string, recorder: Recorder, node: string): Outcome;
}

interface ShownMessage {
  readonly seq: number;
  readonly parts: readonly { readonly text?: string }[];
}

/** The text that names a message of the workload: its first part. */
export const textOf = ({ parts }: Pick<ShownMessage, 'parts'>): string => parts[0]?.text ?? '';

const seen = (sight: { version?: number; lastSeq?: number; tombstoned?: boolean }): Outcome => ({
  kind: 'seen',
  version: sight.version ?? null,
  lastSeq: sight.lastSeq ?? null,
  tombstoned: sight.tombstoned ?? null,
});

/** The newest messages, whose last one tells how long the log is. */
function newest(path: string): Reading {
  return {
    path,
    see: (context, body, recorder, node) => {
      const { messages } = JSON.parse(body) as { messages: readonly ShownMessage[] };
      for (const message of messages) {
        recorder.broken(recorder.messages.observe(context, message.seq, textOf(message), `${node} ${path}`));
      }
      const hole = messages.find(({ seq }, index) => seq !== (messages[0]?.seq ?? 0) + index);
      if (hole !== undefined) {
        const message = `${node} ${path} shows seq ${hole.seq} after a hole`;
        recorder.broken({ check: 'seq without hole', context, message });
      }
      return seen({ lastSeq: messages.at(-1)?.seq ?? 0 });
    },
  };
}

export const readings: readonly Reading[] = [
  newest('/tail?limit=10'),
  newest('/messages?from_seq=-6'),
  {
    path: '',
    see: (_context, body) => {
      const record = JSON.parse(body) as { version: number; last_seq: number; status: string };
      const tombstoned = record.status === 'tombstoned';
      return seen({ version: record.version, lastSeq: record.last_seq, tombstoned });
    },
  },
  {
    path: '/context',
    see: (context, body, recorder, node) => {
      const { version } = JSON.parse(body) as { version: number };
      recorder.broken(recorder.windows.observe(context, version, body, node));
      return seen({ version });
    },
  },
];
