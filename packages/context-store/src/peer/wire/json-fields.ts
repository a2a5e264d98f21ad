import { MalformedError } from '../../codec/byte-reader.js';

/** The fields of a JSON object from the network, each checked. Unknown ones are left alone. */
export class JsonFields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new MalformedError('Not a JSON object.');
    }
    this.#fields = new Map(Object.entries(value));
  }

  /** A string of at most so many bytes of UTF-8. */
  text(name: string, maxBytes: number): string {
    const value = this.#fields.get(name);
    if (typeof value !== 'string' || Buffer.byteLength(value) > maxBytes) {
      throw new MalformedError(`${name} is not a text of at most ${maxBytes} bytes.`);
    }
    return value;
  }

  textOrNull(name: string, maxBytes: number): string | null {
    return this.#fields.get(name) === null ? null : this.text(name, maxBytes);
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#fields.get(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw new MalformedError(`${name} is not an integer from ${min} to ${max}.`);
    }
    return value;
  }

  port(name: string): number {
    return this.integer(name, 1, 65_535);
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#fields.get(name));
  }

  list(name: string, max: number): JsonFields[] {
    const value = this.#fields.get(name);
    if (!Array.isArray(value) || value.length > max) {
      throw new MalformedError(`${name} is not a list of at most ${max}.`);
    }
    return value.map((item: unknown) => new JsonFields(item));
  }
}

/** @throws MalformedError */
export function readJson(body: Uint8Array): JsonFields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch (cause) {
    throw new MalformedError('Not JSON.', { cause });
  }
  return new JsonFields(value);
}
