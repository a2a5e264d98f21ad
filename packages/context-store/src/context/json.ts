import type { JsonObject } from './context-view.js';

/** As deep as a request body may be nested. */
export const maximumDepth = 64;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The object that a JSON text stands for; null where it is not one, or is nested deeper than 64.
 * What recursive functions do with a deeper one depends on the stack of the machine, and replicas
 * must agree.
 */
export function parseJsonObject(text: string): JsonObject | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isJsonObject(value) && isShallow(value, 1) ? value : null;
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth <= maximumDepth && Object.values(value).every((inner) => isShallow(inner, depth + 1));
}
