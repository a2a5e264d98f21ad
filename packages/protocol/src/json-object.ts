import { z } from 'zod';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Any JSON object, passed on as it is. `z.record` would copy it and leave a `__proto__` key out; what
 * a client stores is data, whatever its keys are called.
 */
export const jsonObject = z
  .custom<JsonObject>(isJsonObject, { error: 'must be a JSON object' })
  .meta({ type: 'object', additionalProperties: true });
