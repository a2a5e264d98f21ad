import { Packr } from 'msgpackr';

/**
 * MessagePack, as another node of a neighbouring release reads it: plain maps, no records, no references.
 * Bytes come out as views of what came in. Who unpacks checks the shape with a schema, which ignores the
 * members of a later release.
 */
const packr = new Packr({ useRecords: false, mapsAsObjects: true, moreTypes: false });

export const pack = (value: unknown): Uint8Array => packr.pack(value);

/** @throws Error where the bytes are not MessagePack. */
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes);
