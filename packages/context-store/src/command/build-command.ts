import { checkReplacement } from '@fastpaca/token-budget';

import { integer, optionalVersion } from '../checks.js';
import { maximumMetadataBytes } from '../context/context-record.js';
import { defaultSettings, type ContextSettings } from '../context/context-settings.js';
import type { ContextId } from '../context/context-id.js';
import type { JsonObject, PolicyView } from '../context/context-view.js';
import { isJsonObject, parseJsonObject } from '../context/json.js';
import { windowPolicy } from '../context/window-policy.js';
import type { MessageInput } from '../message/message-input.js';
import { contentHash, type PreparedMessage } from '../message/prepare-messages.js';
import { StoreError } from '../store-error.js';
import type { Command, CommandMessage, Setting } from './command.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** @throws StoreError `invalid_settings`, `invalid_metadata` */
export function putCommand(id: ContextId, at: number, settings: ContextSettings): CommandOf<'put'> {
  const { tokenBudget, triggerRatio, policy, metadata } = settings;
  if (tokenBudget !== undefined) integer(tokenBudget, 1, 'invalid_settings', 'token_budget');
  if (triggerRatio !== undefined && !(triggerRatio > 0 && triggerRatio <= 1)) {
    throw invalidSetting('trigger_ratio', 'trigger_ratio must be above 0 and at most 1.');
  }
  return {
    type: 'put',
    id,
    at,
    tokenBudget: setting(tokenBudget, defaultSettings.tokenBudget),
    triggerRatio: setting(triggerRatio, defaultSettings.triggerRatio),
    policy: setting(policy && policyText(policy), JSON.stringify(defaultSettings.policy)),
    metadata: setting(metadata && metadataText(metadata), JSON.stringify(defaultSettings.metadata)),
    activate: settings.status === 'active',
  };
}

/** @throws StoreError `invalid_metadata` */
export const patchCommand = (id: ContextId, at: number, patch: JsonObject): CommandOf<'patch_metadata'> => ({
  type: 'patch_metadata',
  id,
  at,
  patch: metadataText(patch),
});

export function appendCommand(
  id: ContextId,
  at: number,
  inputs: readonly MessageInput[],
  prepared: readonly PreparedMessage[],
  options: { readonly ifVersion?: number; readonly idempotencyKey?: string },
): CommandOf<'append'> {
  const key = options.idempotencyKey;
  const hashes = prepared.map((message, index) =>
    key !== undefined || inputs[index]?.id !== undefined ? message.contentHash() : null,
  );
  const messages = prepared.map(({ stored }, index): CommandMessage => {
    const id = inputs[index]?.id;
    const hash = hashes[index];
    return { identity: id === undefined || !hash ? null : { id, hash }, stored };
  });
  const call = key === undefined ? null : { key, hash: contentHash(hashes.flatMap((hash) => hash ?? [])) };
  return { type: 'append', id, at, ifVersion: optionalVersion(options.ifVersion), call, messages };
}

/** @throws StoreError `invalid_window` where no model provider would take the replacement. */
export function compactCommand(
  id: ContextId,
  at: number,
  prepared: readonly PreparedMessage[],
  options: { readonly ifVersion?: number; readonly upToSeq?: number },
): CommandOf<'compact'> {
  const fault = checkReplacement(prepared.map(({ outline }) => outline));
  if (fault !== null) {
    throw new StoreError('invalid_window', fault.message, {
      details: { field: `replacement[${fault.index}]` },
    });
  }
  const { upToSeq } = options;
  return {
    type: 'compact',
    id,
    at,
    ifVersion: optionalVersion(options.ifVersion),
    upToSeq: upToSeq === undefined ? null : integer(upToSeq, 0, 'invalid_up_to_seq', 'up_to_seq'),
    messages: prepared.map(({ stored }) => ({ identity: null, stored })),
  };
}

/** The client's value, or the default that a creation takes: no replica has a default of its own. */
const setting = <T>(value: T | undefined, fallback: T): Setting<T> =>
  value === undefined ? { given: false, value: fallback } : { given: true, value };

function policyText(policy: PolicyView): string {
  if (windowPolicy(policy) === null) {
    throw invalidSetting(
      'policy',
      'policy must be {strategy, config}: last_n {limit}, skip_parts {skip_kinds, limit, keep_last} or manual {}.',
    );
  }
  return jsonText(policy, 'invalid_settings', 'policy');
}

const metadataText = (metadata: JsonObject): string => jsonText(metadata, 'invalid_metadata', 'metadata');

function jsonText(value: unknown, code: 'invalid_settings' | 'invalid_metadata', field: string): string {
  let text: string | null = null;
  try {
    text = isJsonObject(value) ? JSON.stringify(value) : null;
  } catch {
    // Not JSON: a bigint, a circle, a depth beyond the stack.
  }
  if (text === null || parseJsonObject(text) === null) {
    throw new StoreError(code, `${field} must be a JSON object, nested at most 64 deep.`, {
      details: { field },
    });
  }
  if (Buffer.byteLength(text) > maximumMetadataBytes) {
    throw new StoreError(code, `${field} must have at most ${maximumMetadataBytes} bytes.`, {
      details: { field },
    });
  }
  return text;
}

const invalidSetting = (field: string, message: string): StoreError =>
  new StoreError('invalid_settings', message, { details: { field } });
