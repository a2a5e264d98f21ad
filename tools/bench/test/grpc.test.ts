import { expect, test } from '@jest/globals';
import {
  encodeCall,
  encodeFrame,
  flags,
  FrameReader,
  frameTypes,
  onStream,
  type Frame,
} from '../src/load/grpc-frames.ts';
import { encodePut, encodePuts } from '../src/workload/etcd-requests.ts';

function framesOf(bytes: Buffer, pieces: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader();
  for (let at = 0; at < bytes.length; at += pieces) {
    reader.push(bytes.subarray(at, at + pieces), (frame) => frames.push(frame));
  }
  return frames;
}

test('a call is a frame of headers and one of data, whatever pieces it comes in', () => {
  const call = onStream(encodeCall('/service/Method', Buffer.from('hello')), 7);
  for (const pieces of [1, 5, call.length]) {
    const [headers, data, ...more] = framesOf(call, pieces);
    expect(more).toEqual([]);
    expect(headers).toMatchObject({ type: frameTypes.headers, flags: flags.endHeaders, stream: 7 });
    expect(headers?.payload.toString('latin1')).toContain('/service/Method');
    expect(data).toMatchObject({ type: frameTypes.data, flags: flags.endStream, stream: 7 });
    // Not compressed, and five bytes long.
    expect(data?.payload).toEqual(Buffer.from([0, 0, 0, 0, 5, ...Buffer.from('hello')]));
  }
});

test('a message that one frame cannot hold is refused', () => {
  expect(() => encodeCall('/service/Method', Buffer.alloc(16_384))).toThrow(RangeError);
});

test('frames without a payload are frames', () => {
  const frame = encodeFrame(frameTypes.settings, flags.ack, 0, Buffer.alloc(0));
  expect(framesOf(frame, 4)).toMatchObject([{ type: frameTypes.settings, flags: flags.ack, stream: 0 }]);
});

test('a put has its key and value, a transaction has all of its puts', () => {
  const put = Buffer.from([0x0a, 1, ...Buffer.from('k'), 0x12, 2, ...Buffer.from('vw')]);
  expect(encodePut('k', Buffer.from('vw')).bytes.subarray(-put.length)).toEqual(put);
  const operation = [0x12, put.length + 2, 0x12, put.length, ...put];
  const both = encodePuts([
    ['k', Buffer.from('vw')],
    ['k', Buffer.from('vw')],
  ]);
  expect(both.bytes.subarray(-2 * operation.length)).toEqual(Buffer.from([...operation, ...operation]));
});

test('a value longer than 127 bytes has its length in two', () => {
  const { bytes } = encodePut('k', Buffer.alloc(300, 1));
  expect(bytes.subarray(-303, -300)).toEqual(Buffer.from([0x12, 0xac, 0x02]));
});
