import { maximumMessageTokens } from '@fastpaca/token-budget';

import { maximumBatch } from '../checks.js';
import { isJsonObject } from '../context/json.js';
import { StoreError } from '../store-error.js';
import type { MessageInput } from './message-input.js';

const maximumRoleLength = 64;
const maximumParts = 1_000;
/** Characters of a message id or an idempotency key. */
const maximumKeyLength = 256;

/** @throws StoreError `invalid_message` or `invalid_idempotency_key` */
export function checkMessages(messages: readonly MessageInput[], minimum: number): void {
  if (messages.length < minimum || messages.length > maximumBatch) {
    fail('messages', `There must be ${minimum} to ${maximumBatch} messages, got ${messages.length}.`);
  }
  const ids = new Set<string>();
  for (const message of messages) {
    checkMessage(message);
    const { id } = message;
    if (id === undefined) continue;
    checkKey(id, 'id');
    if (ids.has(id)) {
      throw new StoreError(
        'invalid_idempotency_key',
        `Two messages of one call have the id ${JSON.stringify(id)}.`,
        {
          details: { field: 'id' },
        },
      );
    }
    ids.add(id);
  }
}

/** @throws StoreError `invalid_idempotency_key` */
export function checkKey(key: string, field: string): string {
  if (key.length >= 1 && key.length <= maximumKeyLength) return key;
  throw new StoreError('invalid_idempotency_key', `${field} must have 1 to ${maximumKeyLength} characters.`, {
    details: { field },
  });
}

function checkMessage({ role, parts, tokenCount, source }: MessageInput): void {
  if (role.length < 1 || role.length > maximumRoleLength) {
    fail('role', `role must have 1 to ${maximumRoleLength} characters.`);
  }
  if (parts.length < 1 || parts.length > maximumParts) {
    fail('parts', `parts must hold 1 to ${maximumParts} parts, got ${parts.length}.`);
  }
  for (const [index, part] of parts.entries()) {
    const type = isJsonObject(part) ? part['type'] : undefined;
    if (typeof type === 'string' && type !== '') continue;
    fail(`parts[${index}].type`, `parts[${index}] must be an object with a non-empty string type.`);
  }
  if (
    tokenCount !== undefined &&
    !(Number.isInteger(tokenCount) && tokenCount >= 0 && tokenCount <= maximumMessageTokens)
  ) {
    fail('token_count', `token_count must be an integer from 0 to ${maximumMessageTokens}.`);
  }
  if (source !== undefined && source.parts.length !== parts.length) {
    fail('source', `source holds ${source.parts.length} parts, the message ${parts.length}.`);
  }
}

function fail(field: string, message: string): never {
  throw new StoreError('invalid_message', message, { details: { field } });
}
