/** The documented table: one row a message, for whoever asks with SQL. */
export interface MessagesTable {
  context_id: string;
  seq: string;
  role: string;
  parts: unknown;
  metadata: unknown;
  token_count: number;
  inserted_at: Date;
}

/**
 * What is read back. `jsonb` does not keep the order of keys, nor how a number was written, and takes no
 * `\u0000`; so the exact bytes stand beside it, at the same place.
 */
export interface MessageBodiesTable {
  context_id: string;
  seq: string;
  life: string;
  /** As a JSON text, since `text` takes no NUL character and a role may have one. */
  role_json: string;
  token_count: number;
  inserted_at_ms: string;
  body: Buffer;
}

/** Lives whose rows may never be inserted again. */
export interface ArchiveErasedTable {
  context_id: string;
  life: string;
}

export interface ArchiveTables {
  messages: MessagesTable;
  message_bodies: MessageBodiesTable;
  archive_erased: ArchiveErasedTable;
}
