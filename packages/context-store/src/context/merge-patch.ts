import type { JsonObject } from './context-view.js';
import { isJsonObject } from './json.js';

/**
 * JSON merge patch (RFC 7396): members of the patch replace those of the target, null removes,
 * objects merge. As deep as its arguments: `parseJsonObject` bounds them.
 *
 * Members are defined, not assigned: a key `__proto__` is data here like any other.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(target)) {
    if (!Object.hasOwn(patch, key)) define(merged, key, value);
    else if (patch[key] !== null) define(merged, key, patched(value, patch[key]));
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && !Object.hasOwn(target, key)) define(merged, key, patched(undefined, value));
  }
  return merged;
}

function patched(old: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  return mergePatch(isJsonObject(old) ? old : {}, patch);
}

function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
