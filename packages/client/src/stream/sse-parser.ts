/** An event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** The `data` lines, joined by newlines. */
  readonly data: string;
  readonly event: string;
  /** The `id` of this event; null where it has none. */
  readonly id: string | null;
}

/** What one event may measure, in UTF-16 units. A message of the store is at most 8 MiB by default. */
export const longestEvent = 64 * 1024 * 1024;

/**
 * Reads `text/event-stream` (WHATWG HTML, section 9.2) from text that comes in any pieces: lines end with LF,
 * CR or CRLF, also where a CRLF is split between two pieces.
 */
export class SseParser {
  private rest = '';
  private afterCr = false;
  private data: string[] = [];
  private size = 0;
  private event = '';
  private id: string | null = null;

  /**
   * The events that `text` completes.
   *
   * @throws RangeError where one is larger than `longestEvent`
   */
  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let start = 0;
    if (this.afterCr && text !== '') {
      this.afterCr = false;
      if (text.startsWith('\n')) start = 1;
    }
    const ends = /\r\n|\n|\r/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      const line = this.rest + text.slice(start, end.index);
      this.rest = '';
      start = end.index + end[0].length;
      this.afterCr = end[0] === '\r' && start === text.length;
      const event = this.line(line);
      if (event !== null) events.push(event);
    }
    this.rest += text.slice(start);
    this.check(this.rest.length);
    return events;
  }

  private line(line: string): ServerSentEvent | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    switch (field) {
      case 'data':
        this.check(value.length);
        this.size += value.length;
        this.data.push(value);
        break;
      case 'event':
        this.event = value;
        break;
      case 'id':
        this.id = value;
        break;
      default:
        // A comment (`:`), `retry`, or a field of a later standard.
        break;
    }
    return null;
  }

  private dispatch(): ServerSentEvent | null {
    const { data, event, id } = this;
    this.data = [];
    this.size = 0;
    this.event = '';
    this.id = null;
    return data.length === 0 ? null : { data: data.join('\n'), event, id };
  }

  private check(more: number): void {
    if (this.size + more > longestEvent) throw new RangeError('An event of the stream is too large.');
  }
}
