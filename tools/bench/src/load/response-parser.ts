/**
 * Finds the end of each HTTP/1.1 response on a connection that has one request in flight. It reads the
 * status and the length and skips the body: parsing the answers would cost the client more than the
 * server spends on making them.
 */
export class ResponseParser {
  /** Called once a response is complete, with its status and the bytes of its body. */
  readonly #onResponse: (status: number, body: Buffer) => void;
  #held: Buffer = Buffer.alloc(0);
  #status = 0;
  /** Bytes of body expected; -1 while the head is incomplete, -2 for a chunked body. */
  #length = -1;
  #bodyStart = 0;

  constructor(onResponse: (status: number, body: Buffer) => void) {
    this.#onResponse = onResponse;
  }

  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (this.#length === -1 && !this.#readHead()) return;
    const end =
      this.#length === -2 ? endOfChunks(this.#held, this.#bodyStart) : this.#bodyStart + this.#length;
    if (end === undefined || this.#held.length < end) return;
    const body = this.#held.subarray(this.#bodyStart, end);
    if (this.#held.length > end) throw new Error('the server sent more than one response to one request');
    this.#held = Buffer.alloc(0);
    this.#length = -1;
    this.#onResponse(this.#status, body);
  }

  #readHead(): boolean {
    const headEnd = this.#held.indexOf('\r\n\r\n');
    if (headEnd === -1) return false;
    const head = this.#held.toString('latin1', 0, headEnd + 2).toLowerCase();
    this.#status = Number(head.slice(9, 12));
    this.#bodyStart = headEnd + 4;
    this.#length = bodyLength(head, this.#status);
    return true;
  }
}

function bodyLength(head: string, status: number): number {
  if (status === 204 || status === 304) return 0;
  const at = head.indexOf('\r\ncontent-length:');
  if (at !== -1) return Number(head.slice(at + 17, head.indexOf('\r\n', at + 17)));
  if (head.includes('\r\ntransfer-encoding: chunked')) return -2;
  throw new Error('a response without content-length and without chunks cannot be kept alive');
}

/** Offset behind the last chunk, or undefined while it has not arrived. */
function endOfChunks(buffer: Buffer, start: number): number | undefined {
  let at = start;
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(buffer.toString('latin1', at, lineEnd), 16);
    at = lineEnd + 2 + size + 2;
    if (at > buffer.length) return undefined;
    if (size === 0) return at;
  }
}
