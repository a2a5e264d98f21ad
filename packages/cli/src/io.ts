import type { Readable, Writable } from 'node:stream';

/** What the command line has of the world. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, and where nobody reads the output any more. */
  readonly signal: AbortSignal;
}
