/** One message on its way to the archive, or back. */
export interface ArchiveRow {
  readonly contextId: string;
  /** Tells two contexts apart that had the same id one after the other; unique for good. */
  readonly life: string;
  readonly seq: number;
  readonly role: string;
  /** The message as REST returns it: complete JSON, byte for byte. The archiver never parses it. */
  readonly body: Uint8Array;
  readonly tokenCount: number;
  /** Milliseconds since 1970. */
  readonly insertedAt: number;
}
