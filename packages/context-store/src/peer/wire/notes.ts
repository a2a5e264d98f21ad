import { MalformedError } from '../../codec/byte-reader.js';
import type { AnnouncedState, PeerRefusalCode } from '../peer-status.js';
import { readJson, type JsonFields } from './json-fields.js';

/** Where a connected peer can be dialled, as the sender sees it. */
export interface GossipedAddress {
  readonly host: string;
  readonly port: number;
}

export interface RefusalNote {
  readonly code: PeerRefusalCode | 'self' | 'duplicate';
  readonly reason: string;
}

export const MAX_DETAIL_BYTES = 16 * 1024;
export const MAX_REASON_CHARS = 500;
const MAX_ADDRESSES = 256;

const refusalCodes: readonly string[] = [
  'wrong_secret',
  'no_secret',
  'other_cluster',
  'copied_directory',
  'version',
  'refused_node',
  'self',
  'duplicate',
] satisfies readonly RefusalNote['code'][];

export const encodeJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** @throws MalformedError */
export function readAnnouncement(body: Uint8Array): AnnouncedState {
  const fields = readJson(body);
  const state = readState(fields);
  const detail = fields.text('detail', MAX_DETAIL_BYTES);
  return { ...state, detail };
}

/** @throws MalformedError */
export function readState(fields: JsonFields): Pick<AnnouncedState, 'clusterId' | 'state'> {
  const state = fields.text('state', 16);
  if (state !== 'empty' && state !== 'member') throw new MalformedError(`No node has the state ${state}.`);
  return { clusterId: fields.textOrNull('clusterId', 255), state };
}

export function addressesBody(addresses: readonly GossipedAddress[]): Uint8Array {
  return encodeJson({
    addresses: addresses.slice(0, MAX_ADDRESSES).map(({ host, port }) => ({ host, port })),
  });
}

/** @throws MalformedError */
export function readAddresses(body: Uint8Array): GossipedAddress[] {
  const items = readJson(body).list('addresses', MAX_ADDRESSES);
  return items.map((item) => ({ host: item.text('host', 255), port: item.port('port') }));
}

export function refusalBody({ code, reason }: RefusalNote): Uint8Array {
  return encodeJson({ code, reason: reason.slice(0, MAX_REASON_CHARS) });
}

/** The words of a stranger, perhaps: they end up in a log, so without line breaks and control characters. */
export function readRefusal(body: Uint8Array): RefusalNote {
  const fields = readJson(body);
  const code = fields.text('code', 64);
  if (!isRefusalCode(code)) throw new MalformedError('A refusal of an unknown code.');
  const reason = fields.text('reason', 4 * MAX_REASON_CHARS).replace(/\p{C}/gu, ' ');
  return { code, reason };
}

const isRefusalCode = (code: string): code is RefusalNote['code'] => refusalCodes.includes(code);
