import type { Command, ImportEntry } from '../command/command.js';
import { importEntryBytes } from '../command/import-codec.js';
import { contextId, type ContextId } from '../context/context-id.js';
import { decodeRecord } from '../context/context-codec.js';
import { refusalError } from '../refusal-error.js';
import type { ContextHead } from './backup-source.js';
import { contextLine, contextLines } from './context-lines.js';
import type { Line } from './split-lines.js';
import { proposeUntilDone, type ImportTarget } from './import-target.js';
import { invalidLine, type LineOf, type ParsedLine } from './parse-line.js';

/** What became of one context of a backup. */
export type ContextOutcome =
  | { readonly kind: 'imported' | 'replaced'; readonly messages: number }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'conflict'; readonly reason: string }
  /** It was erased while the backup was made, and is not in it. */
  | { readonly kind: 'gone' };

type ContextStart = LineOf<'context'>;
type ImportCommand = Extract<Command, { type: 'import' }>;

/** Bytes of entries in one command. A message alone may be larger. */
const commandBytes = 1 << 20;

/**
 * Imports a context. `rest` are its lines up to `context_end` or `gone`, all of which are read whatever
 * becomes of it. One that is there is compared line by line, so that importing a file again says so.
 *
 * @throws StoreError `invalid_backup`, and what the store throws
 */
export async function importContext(
  target: ImportTarget,
  start: ContextStart,
  rest: AsyncIterable<ParsedLine>,
  overwrite: boolean,
): Promise<ContextOutcome> {
  const id = idOf(start);
  const head = await target.source.head(id);
  if (head !== null && isSame(id, head, start)) return compare(target, id, head, rest);
  if (head === null || overwrite) {
    return new ContextImport(target, id, start, head !== null).run(rest);
  }
  for await (const line of rest) if (line.type === 'gone') return { kind: 'gone' };
  const { version } = decodeRecord(head.record);
  return {
    kind: 'conflict',
    reason: `It is there at version ${version} and differs; the backup has version ${start.context.version}.`,
  };
}

function idOf({ id, line }: ContextStart): ContextId {
  try {
    return contextId(id);
  } catch (cause) {
    throw invalidLine(line, 'names no context', cause);
  }
}

const isSame = (id: ContextId, head: ContextHead, { line }: ContextStart): boolean =>
  withoutNewline(contextLine(id, head, decodeRecord(head.record))).equals(line.bytes);

const withoutNewline = (line: Uint8Array): Buffer =>
  Buffer.from(line.buffer, line.byteOffset, line.length - 1);

async function compare(
  { source }: ImportTarget,
  id: ContextId,
  head: ContextHead,
  rest: AsyncIterable<ParsedLine>,
): Promise<ContextOutcome> {
  const own = contextLines(source, id, head);
  await own.next();
  let same = true;
  for await (const parsed of rest) {
    if (parsed.type === 'gone') return { kind: 'gone' };
    if (!same) continue;
    const { value } = await own.next();
    same = value instanceof Uint8Array && content(withoutNewline(value)).equals(content(parsed.line.bytes));
  }
  await own.return('gone');
  return same ? { kind: 'unchanged' } : { kind: 'conflict', reason: 'It is there and has other messages.' };
}

/** A message that came back from the archive has another outline than before: see archived-message.ts. */
const content = (line: Buffer): Buffer => line.subarray(Math.max(0, line.indexOf('"message":')));

/** One context on its way into the store, in commands of about a MiB. */
class ContextImport {
  readonly #target: ImportTarget;
  readonly #id: ContextId;
  readonly #start: ContextStart;
  readonly #replace: boolean;
  #stage: number | null = null;
  #from = 0;
  #entries: ImportEntry[] = [];
  #bytes = 0;
  #messages = 0;

  constructor(target: ImportTarget, id: ContextId, start: ContextStart, replace: boolean) {
    this.#target = target;
    this.#id = id;
    this.#start = start;
    this.#replace = replace;
  }

  async run(rest: AsyncIterable<ParsedLine>): Promise<ContextOutcome> {
    let refused: ContextOutcome | null = null;
    try {
      for await (const parsed of rest) {
        if (parsed.type === 'gone') {
          await this.#discard();
          return { kind: 'gone' };
        }
        if (refused !== null) continue;
        if (parsed.type === 'entries') refused = await this.#add(parsed);
        else if (parsed.type === 'context_end') refused = await this.#end(parsed.line);
      }
    } catch (error) {
      await this.#discard().catch(() => undefined);
      throw error;
    }
    return refused ?? { kind: this.#replace ? 'replaced' : 'imported', messages: this.#messages };
  }

  /** Null, or why the import of this context ends here. */
  async #add({ entries, seq, line }: LineOf<'entries'>): Promise<ContextOutcome | null> {
    if (seq !== null && seq !== this.#messages + 1) {
      throw invalidLine(line, `has message ${seq} where ${this.#messages + 1} is due`);
    }
    if (seq !== null) this.#messages += 1;
    for (const entry of entries) {
      const bytes = importEntryBytes(entry);
      if (this.#bytes > 0 && this.#bytes + bytes > commandBytes) {
        const refused = await this.#send(null);
        if (refused !== null) return refused;
      }
      this.#entries.push(entry);
      this.#bytes += bytes;
    }
    return null;
  }

  async #end(line: Line): Promise<ContextOutcome | null> {
    const { lastSeq } = this.#start.context;
    if (this.#messages !== lastSeq) {
      throw invalidLine(line, `ends a context of ${lastSeq} messages after ${this.#messages}`);
    }
    return this.#send(this.#start.context);
  }

  async #send(finish: ImportCommand['finish']): Promise<ContextOutcome | null> {
    const command: ImportCommand = {
      type: 'import',
      id: this.#id,
      at: this.#target.now(),
      replace: this.#replace,
      stage: this.#stage,
      from: this.#from,
      entries: this.#entries,
      finish,
    };
    this.#from += this.#entries.length;
    this.#entries = [];
    this.#bytes = 0;
    const { result, repeated } = await proposeUntilDone(this.#target, command);
    if (result.kind === 'staged') this.#stage = result.stage;
    if (result.kind !== 'refused') return null;
    const { refusal } = result;
    if (refusal.reason === 'import_exists' && (await this.#isThere())) {
      // A context of one command has no stage to be known by: the first try may have brought it.
      return repeated ? null : { kind: 'unchanged' };
    }
    if (refusal.reason !== 'import_exists' && refusal.reason !== 'import_superseded') {
      throw refusalError(command, refusal);
    }
    await this.#discard();
    return { kind: 'conflict', reason: conflictOf(refusal.reason) };
  }

  async #isThere(): Promise<boolean> {
    const head = await this.#target.source.head(this.#id);
    return head !== null && isSame(this.#id, head, this.#start);
  }

  /** Nothing of a context that does not become whole stays behind. */
  async #discard(): Promise<void> {
    const stage = this.#stage;
    if (stage === null) return;
    this.#stage = null;
    await proposeUntilDone(this.#target, {
      type: 'import',
      id: this.#id,
      at: this.#target.now(),
      replace: this.#replace,
      stage,
      from: this.#from,
      entries: [],
      finish: 'discard',
    });
  }
}

const conflictOf = (reason: 'import_exists' | 'import_superseded'): string =>
  reason === 'import_exists'
    ? 'It was created while it was imported.'
    : 'Another import of it began meanwhile, or it was erased. Import it again.';
