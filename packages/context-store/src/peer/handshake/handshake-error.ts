import type { RefusalNote } from '../wire/notes.js';

/** A connection that became no link, for no reason of ours or the peer's: it closed, was silent, or spoke otherwise. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

/** One side does not want the other. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly note: RefusalNote,
    readonly by: 'self' | 'peer',
  ) {
    super(note.reason);
  }
}
