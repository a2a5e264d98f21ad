import { encodeCall } from '../load/grpc-frames.ts';
import type { EncodedRequest } from './requests.ts';

/*
 * Calls of etcd's KV service, as etcd/api/etcdserverpb/rpc.proto numbers their fields.
 * PutRequest: key = 1, value = 2. TxnRequest: success = 2, a RequestOp each; RequestOp: request_put = 2.
 */

const putPath = '/etcdserverpb.KV/Put';
const txnPath = '/etcdserverpb.KV/Txn';

export function encodePut(key: string, value: Buffer): EncodedRequest {
  return { kind: 'append', bytes: encodeCall(putPath, putRequest(key, value)) };
}

/** Many puts in one transaction; etcd takes 128 at most. */
export function encodePuts(pairs: readonly (readonly [key: string, value: Buffer])[]): EncodedRequest {
  const operations = pairs.map(([key, value]) => field(2, field(2, putRequest(key, value))));
  return { kind: 'append', bytes: encodeCall(txnPath, Buffer.concat(operations)) };
}

function putRequest(key: string, value: Buffer): Buffer {
  return Buffer.concat([field(1, Buffer.from(key)), field(2, value)]);
}

/** A field of bytes (wire type 2) of a protocol buffer. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
