import { checkLog } from './log-format.js';

/** What LevelDB's MANIFEST says is there. */
export interface Manifest {
  /** Logs from this number on are replayed at open; the one of this number must exist. 0: none yet. */
  readonly logNumber: number;
  /** Sequence of the last operation when the MANIFEST was last written. */
  readonly lastSequence: number;
  /** Live tables and their sizes in bytes. */
  readonly tables: ReadonlyMap<number, number>;
}

// Fields of an edit: db/version_edit.cc.
const tag = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  prevLog: 9,
};

class EditReader {
  readonly edit: Buffer;
  #at = 0;

  constructor(edit: Buffer) {
    this.edit = edit;
  }

  get done(): boolean {
    return this.#at >= this.edit.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.edit[this.#at];
      if (byte === undefined) throw new RangeError('an edit ends too early');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  skipBytes(): void {
    const length = this.number();
    this.#at += length;
  }
}

/** Replays the edits of a MANIFEST. A string says what is damaged. */
export function readManifest(file: Buffer): Manifest | string {
  let logNumber = 0;
  let lastSequence = 0;
  const tables = new Map<number, number>();
  const apply = (edit: EditReader): void => {
    while (!edit.done) {
      const field = edit.number();
      if (field === tag.comparator) edit.skipBytes();
      else if (field === tag.logNumber) logNumber = edit.number();
      else if (field === tag.lastSequence) lastSequence = edit.number();
      else if (field === tag.nextFile || field === tag.prevLog) edit.number();
      else if (field === tag.compactPointer) {
        edit.number();
        edit.skipBytes();
      } else if (field === tag.deletedFile) {
        edit.number();
        tables.delete(edit.number());
      } else if (field === tag.newFile) {
        edit.number();
        tables.set(edit.number(), edit.number());
        edit.skipBytes();
        edit.skipBytes();
      } else throw new RangeError(`an edit has the unknown field ${field}`);
    }
  };
  const { damage } = checkLog(file, Number.MAX_SAFE_INTEGER, ({ data }) => {
    try {
      apply(new EditReader(data));
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  // A torn last edit never took effect: LevelDB deletes nothing before its edit is synced.
  if (damage !== null && !damage.torn) return `at byte ${damage.offset}, ${damage.what}`;
  return { logNumber, lastSequence, tables };
}
