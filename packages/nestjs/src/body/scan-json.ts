import { limits } from '@fastpaca/protocol';

/** Byte ranges `[start, end)` of the members of one message, in the compacted buffer. */
export interface MessageSpans {
  /** Start and end of each part, flat: s0, e0, s1, e1, … */
  parts: readonly number[];
  metadata: readonly [start: number, end: number] | null;
}

/** Where the messages of a body lie. Of a repeated key the last one counts, as in `JSON.parse`. */
export interface JsonScan {
  message: MessageSpans | null;
  messages: readonly MessageSpans[];
  replacement: readonly MessageSpans[];
}

export type ScanResult =
  | { readonly kind: 'scanned'; readonly scan: JsonScan; readonly moved: boolean }
  | { readonly kind: 'too_deep' }
  /** More messages or parts than a call may have: noticed here, before the rest is worked through. */
  | { readonly kind: 'too_many'; readonly field: string; readonly limit: number }
  /** Not JSON. `JSON.parse` says what is wrong with it. */
  | { readonly kind: 'malformed' };

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;

class TooDeep extends Error {}
class Malformed extends Error {}
class TooMany extends Error {
  readonly field: string;
  readonly limit: number;
  constructor(field: string, limit: number) {
    super(field);
    this.field = field;
    this.limit = limit;
  }
}

/**
 * One pass over the bytes of a JSON body: counts the depth, removes white space outside of strings
 * (in place: the buffer is changed), and notes where the parts and the metadata of each message lie.
 * Linear in the length, whatever the bytes are.
 *
 * It is lenient: `1 2` passes as `12`. The caller parses the text as it was before, so what is not
 * JSON is refused there. For what is JSON, the ranges are exact.
 */
export function scanJson(bytes: Uint8Array): ScanResult {
  const scanner = new Scanner(bytes);
  try {
    const scan = scanner.document();
    return { kind: 'scanned', scan, moved: scanner.moved };
  } catch (error) {
    if (error instanceof TooDeep) return { kind: 'too_deep' };
    if (error instanceof TooMany) return { kind: 'too_many', field: error.field, limit: error.limit };
    if (error instanceof Malformed) return { kind: 'malformed' };
    throw error;
  }
}

class Scanner {
  /** Next byte to read, and where the next byte that stays goes: `write` never passes `read`. */
  private read = 0;
  private write = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get moved(): boolean {
    return this.write !== this.read;
  }

  document(): JsonScan {
    const scan: JsonScan = { message: null, messages: [], replacement: [] };
    if (this.peek() === openObject) {
      this.members(1, (key) => {
        switch (key) {
          case 'message':
            scan.message = this.message(2, 'message');
            return;
          case 'messages':
            scan.messages = this.messages(key);
            return;
          case 'replacement':
            scan.replacement = this.messages(key);
            return;
          default:
            this.value(2);
        }
      });
    } else {
      this.value(1);
    }
    if (this.peek() !== -1) throw new Malformed();
    return scan;
  }

  private messages(field: string): MessageSpans[] {
    const list: MessageSpans[] = [];
    if (this.peek() !== openArray) {
      this.value(2);
      return list;
    }
    this.elements(() => {
      if (list.length === limits.batch) throw new TooMany(field, limits.batch);
      list.push(this.message(3, `${field}[${list.length}]`));
    });
    return list;
  }

  private message(depth: number, field: string): MessageSpans {
    const spans: MessageSpans = { parts: [], metadata: null };
    if (this.peek() !== openObject) {
      this.value(depth);
      return spans;
    }
    this.members(depth, (key) => {
      if (key === 'parts') spans.parts = this.parts(depth + 1, `${field}.parts`);
      else if (key === 'metadata') spans.metadata = this.span(depth + 1);
      else this.value(depth + 1);
    });
    return spans;
  }

  private parts(depth: number, field: string): number[] {
    const spans: number[] = [];
    if (this.peek() !== openArray) {
      this.value(depth);
      return spans;
    }
    this.elements(() => {
      if (spans.length === 2 * limits.parts) throw new TooMany(field, limits.parts);
      const [start, end] = this.span(depth + 1);
      spans.push(start, end);
    });
    return spans;
  }

  private span(depth: number): readonly [number, number] {
    this.peek();
    const start = this.write;
    this.value(depth);
    return [start, this.write];
  }

  /** Reads `{…}`; `member` reads each value. */
  private members(depth: number, member: (key: string) => void): void {
    if (depth > limits.depth) throw new TooDeep();
    this.keep();
    if (this.peek() === closeObject) return this.keep();
    for (;;) {
      if (this.peek() !== quote) throw new Malformed();
      const key = this.key();
      if (this.peek() !== colon) throw new Malformed();
      this.keep();
      this.peek();
      member(key);
      const next = this.peek();
      if (next !== comma && next !== closeObject) throw new Malformed();
      this.keep();
      if (next === closeObject) return;
    }
  }

  /** Reads `[…]` at a depth that the caller knows to be small; `element` reads each value. */
  private elements(element: () => void): void {
    this.keep();
    if (this.peek() === closeArray) return this.keep();
    for (;;) {
      element();
      const next = this.peek();
      if (next !== comma && next !== closeArray) throw new Malformed();
      this.keep();
      if (next === closeArray) return;
    }
  }

  /** A key as `JSON.parse` reads it: `"p\u0061rts"` is `parts` too. */
  private key(): string {
    const start = this.write;
    const escaped = this.string();
    if (!escaped) return this.textOf(start + 1, this.write - 1);
    try {
      return String(JSON.parse(this.textOf(start, this.write)));
    } catch {
      throw new Malformed();
    }
  }

  private textOf(start: number, end: number): string {
    // The longest key that matters has 11 characters, or 6 times as many when escaped.
    if (end - start > 70) return '';
    let text = '';
    for (let i = start; i < end; i++) text += String.fromCharCode(this.bytes[i] ?? 0);
    return text;
  }

  /** Skips white space and returns the next byte, -1 at the end. */
  private peek(): number {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.read];
      if (byte === undefined) return -1;
      if (!isSpace(byte)) return byte;
      this.read++;
    }
  }

  private keep(): void {
    const byte = this.bytes[this.read++];
    if (byte === undefined) throw new Malformed();
    this.bytes[this.write++] = byte;
  }

  /** Reads any value. `depth` is what an object or array here counts as. */
  private value(depth: number): void {
    const first = this.peek();
    if (first === quote) {
      this.string();
    } else if (first === openObject || first === openArray) {
      this.nested(depth);
    } else {
      this.literal();
    }
  }

  private nested(outermost: number): void {
    const { bytes } = this;
    let depth = outermost - 1;
    do {
      const byte = bytes[this.read];
      if (byte === undefined) throw new Malformed();
      if (byte === quote) {
        this.string();
        continue;
      }
      this.read++;
      if (isSpace(byte)) continue;
      bytes[this.write++] = byte;
      if (byte === openObject || byte === openArray) {
        if (++depth > limits.depth) throw new TooDeep();
      } else if (byte === closeObject || byte === closeArray) {
        depth--;
      }
    } while (depth >= outermost);
  }

  private literal(): void {
    const { bytes } = this;
    const start = this.read;
    for (;;) {
      const byte = bytes[this.read];
      if (
        byte === undefined ||
        byte === comma ||
        byte === closeObject ||
        byte === closeArray ||
        isSpace(byte)
      ) {
        break;
      }
      this.read++;
      bytes[this.write++] = byte;
    }
    if (this.read === start) throw new Malformed();
  }

  /** Reads a string with its quotes. Returns whether it has an escape. */
  private string(): boolean {
    const { bytes } = this;
    const start = this.read;
    let at = start + 1;
    let escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) throw new Malformed();
      at++;
      if (byte === quote) break;
      if (byte === backslash) {
        escaped = true;
        at++;
      }
    }
    if (at > bytes.length) throw new Malformed();
    this.read = at;
    this.move(start, at);
    return escaped;
  }

  private move(start: number, end: number): void {
    const { bytes } = this;
    const length = end - start;
    if (this.write === start) {
      this.write = end;
    } else if (length < 64) {
      for (let i = start; i < end; i++) bytes[this.write++] = bytes[i] ?? 0;
    } else {
      bytes.copyWithin(this.write, start, end);
      this.write += length;
    }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
