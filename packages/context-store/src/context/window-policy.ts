import { defaultPolicy, defaultSkipKinds, type WindowPolicy } from '@fastpaca/token-budget';

import type { PolicyView } from './context-view.js';
import { isJsonObject, parseJsonObject } from './json.js';

/** Bounds of `skip_kinds`: it is copied into the window's state, which every append rewrites. */
const maximumSkipKinds = 64;
const maximumKindLength = 64;

/**
 * The rules that a policy stands for, or null where it is not one. Unknown members of the config
 * are ignored: they are kept and shown as sent.
 */
export function windowPolicy(policy: unknown): WindowPolicy | null {
  if (!isJsonObject(policy)) return null;
  const config = policy['config'] ?? {};
  if (!isJsonObject(config)) return null;
  switch (policy['strategy']) {
    case 'last_n': {
      const limit = config['limit'] ?? defaultPolicy.limit;
      return isCount(limit, 1) ? { strategy: 'last_n', limit } : null;
    }
    case 'skip_parts': {
      const skipKinds = config['skip_kinds'] ?? defaultSkipKinds;
      const limit = config['limit'] ?? null;
      const keepLast = config['keep_last'] ?? 0;
      if (!areKinds(skipKinds) || !isCount(keepLast, 0)) return null;
      if (limit !== null && !isCount(limit, 1)) return null;
      return { strategy: 'skip_parts', skipKinds, limit, keepLast };
    }
    case 'manual':
      return { strategy: 'manual' };
    default:
      return null;
  }
}

/** As `windowPolicy`, of the JSON text that the log and the profile hold. */
export function parsePolicy(
  text: string,
): { readonly view: PolicyView; readonly rules: WindowPolicy } | null {
  const value = parseJsonObject(text);
  const rules = windowPolicy(value);
  if (rules === null || value === null) return null;
  const config = value['config'];
  return { view: { strategy: rules.strategy, config: isJsonObject(config) ? config : {} }, rules };
}

const isCount = (value: unknown, minimum: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= minimum;

const areKinds = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length <= maximumSkipKinds &&
  value.every((kind) => typeof kind === 'string' && kind.length > 0 && kind.length <= maximumKindLength);
