import { LogStorageError } from '../errors.js';
import type { KeyOp } from './key-op.js';

const maxKeyBytes = 1024;
const maxValueBytes = 64 << 20;

/** Throws `invalid_key` before anything is staged. */
export function checkLimits(ops: readonly KeyOp[]): void {
  for (const op of ops) {
    if (op.type === 'delRange') {
      checkKey(op.gte);
      checkKey(op.lt);
    } else {
      checkKey(op.key);
      const bytes = op.type === 'put' ? op.value.length : op.type === 'putLate' ? op.bytes : 0;
      if (bytes > maxValueBytes)
        throw new LogStorageError('invalid_key', `A value has at most ${maxValueBytes} bytes, got ${bytes}.`);
    }
  }
}

function checkKey(key: Uint8Array): void {
  if (key.length > maxKeyBytes)
    throw new LogStorageError('invalid_key', `A key has at most ${maxKeyBytes} bytes, got ${key.length}.`);
}
