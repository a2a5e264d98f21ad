import { Buffer, isUtf8 } from 'node:buffer';
import type { RawMessage } from '@fastpaca/context-store';
import { limits } from '@fastpaca/protocol';
import { ApiError, invalidField } from '../errors/api-error.js';
import { type JsonScan, type MessageSpans, scanJson } from './scan-json.js';

/** A JSON body: its value for validation, and its text for storage. */
export class JsonBody {
  readonly value: unknown;
  private readonly scan: JsonScan;
  private readonly textOf: (start: number, end: number) => string;

  private constructor(value: unknown, scan: JsonScan, textOf: (start: number, end: number) => string) {
    this.value = value;
    this.scan = scan;
    this.textOf = textOf;
  }

  /**
   * Reads a body. Changes `bytes`: white space outside of strings is squeezed out in place.
   *
   * @throws ApiError `invalid_request` where the bytes are not UTF-8, not JSON, or nested too deep
   */
  static read(bytes: Buffer): JsonBody {
    if (!isUtf8(bytes)) throw new ApiError('invalid_request', 'The body is not valid UTF-8');
    const text = bytes.toString('utf8');
    const result = scanJson(bytes);
    if (result.kind === 'too_deep') {
      throw new ApiError('invalid_request', `The body is nested deeper than ${limits.depth} levels`);
    }
    if (result.kind === 'too_many') {
      throw invalidField('The body', result.field, `must have 1 to ${result.limit} items`);
    }
    const value = parse(text);
    if (result.kind === 'malformed') {
      throw new Error('the scanner refused a body that JSON.parse accepts');
    }
    return new JsonBody(value, result.scan, textReader(text, bytes, result.moved));
  }

  /** The text of the members of `message`, for the body of an append. */
  messageSource(): RawMessage | undefined {
    return this.scan.message === null ? undefined : this.source(this.scan.message);
  }

  /** The same for each element of `messages` or `replacement`. */
  messageSources(member: 'messages' | 'replacement'): readonly RawMessage[] {
    return this.scan[member].map((spans) => this.source(spans));
  }

  private source(spans: MessageSpans): RawMessage {
    const parts: string[] = [];
    for (let i = 0; i < spans.parts.length; i += 2) {
      parts.push(this.textOf(spans.parts[i] ?? 0, spans.parts[i + 1] ?? 0));
    }
    return spans.metadata === null ? { parts } : { parts, metadata: this.textOf(...spans.metadata) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.trim() === '') throw new ApiError('invalid_request', 'The body is missing: send a JSON object');
    const reason = error instanceof Error ? error.message : '';
    throw new ApiError('invalid_request', `The body is not valid JSON: ${reason}`);
  }
}

/** Slices of the compacted bytes as text. In ASCII, byte and character positions are the same. */
function textReader(text: string, bytes: Buffer, moved: boolean): (start: number, end: number) => string {
  const ascii = text.length === bytes.length;
  if (ascii && !moved) return (start, end) => text.slice(start, end);
  if (ascii) return (start, end) => bytes.toString('latin1', start, end);
  return (start, end) => bytes.toString('utf8', start, end);
}
