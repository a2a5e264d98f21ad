import { createHash } from 'node:crypto';
import { exitCodes, OutcomeError } from '../exit-codes.js';

export interface BackupTotals {
  readonly contexts: number;
  readonly messages: number;
}

const newline = 0x0a;

/** Watches the bytes of a backup pass by, and says whether they are a whole one. */
export class BackupCheck {
  private readonly hash = createHash('sha256');
  /** The last line so far, which may be the end line: the checksum does not cover that one. */
  private last: Buffer = Buffer.alloc(0);

  update(chunk: Uint8Array): void {
    const all = this.last.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.last, chunk]);
    const cut = all.lastIndexOf(newline, all.length - 2) + 1;
    this.hash.update(all.subarray(0, cut));
    this.last = all.subarray(cut);
  }

  /** @throws OutcomeError where it is cut off, or altered */
  end(): BackupTotals {
    const end = endLine(this.last);
    if (end === null) throw new OutcomeError(exitCodes.error, 'The backup is cut off: it has no end line.');
    if (end.sha256 !== this.hash.digest('hex')) {
      throw new OutcomeError(exitCodes.error, 'The backup was altered: it does not match its checksum.');
    }
    return { contexts: Number(end.contexts), messages: Number(end.messages) };
  }
}

function endLine(line: Buffer): { sha256?: unknown; contexts?: unknown; messages?: unknown } | null {
  if (line.at(-1) !== newline) return null;
  try {
    const value = JSON.parse(line.toString()) as Record<string, unknown> | null;
    return value?.['type'] === 'end' ? value : null;
  } catch {
    return null;
  }
}
