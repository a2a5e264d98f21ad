import { MalformedError } from '../../codec/byte-reader.js';
import { MIN_PART_BYTES, type ParcelKind, type Part } from './unit.js';

export interface AssemblyLimits {
  /** Of one parcel. */
  readonly maxParcelBytes: number;
  /** Of all parcels under way on one connection. */
  readonly maxBytes: number;
  readonly maxStreams: number;
}

interface Stream {
  readonly kind: ParcelKind;
  readonly pieces: Uint8Array[];
  bytes: number;
}

/** Puts long parcels together again. Holds no more than what was received, within its limits. */
export class Assembler {
  readonly #streams = new Map<number, Stream>();
  #bytes = 0;

  constructor(private readonly limits: AssemblyLimits) {}

  /**
   * The whole parcel with its last part, else null.
   * @throws MalformedError where the sender does not keep to the limits.
   */
  add({ stream: number, kind, last, bytes }: Part): Uint8Array | null {
    const stream = this.#streams.get(number) ?? this.#open(number, kind);
    if (stream.kind !== kind) throw new MalformedError(`Stream ${number} changes its kind.`);
    stream.pieces.push(bytes);
    stream.bytes += bytes.length;
    this.#bytes += bytes.length;
    const { maxParcelBytes, maxBytes } = this.limits;
    if (stream.bytes > maxParcelBytes)
      throw new MalformedError(`More than ${maxParcelBytes} bytes in one parcel.`);
    if (this.#bytes > maxBytes)
      throw new MalformedError(`More than ${maxBytes} bytes in unfinished parcels.`);
    // A part holds on to the message that it came in: many tiny ones would hold much more than they count.
    if (bytes.length < MIN_PART_BYTES && !last) throw new MalformedError('A part that is too small.');
    if (!last) return null;
    this.drop(number);
    return Buffer.concat(stream.pieces);
  }

  /** The sender gave the parcel up. */
  drop(number: number): void {
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    this.#streams.delete(number);
    this.#bytes -= stream.bytes;
  }

  #open(number: number, kind: ParcelKind): Stream {
    if (this.#streams.size >= this.limits.maxStreams) {
      throw new MalformedError(`More than ${this.limits.maxStreams} parcels at once.`);
    }
    const stream: Stream = { kind, pieces: [], bytes: 0 };
    this.#streams.set(number, stream);
    return stream;
  }
}
