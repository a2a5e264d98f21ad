import { z } from 'zod';

interface IntegerOptions {
  readonly min?: number;
  /** Larger values are taken as this one. */
  readonly clampTo?: number;
  readonly default?: number;
  readonly description: string;
}

/** An integer in a query string: decimal digits only, so `1e3`, `0x10`, `5.0` and `` are refused. */
export function queryInteger(options: IntegerOptions) {
  const { min = Number.MIN_SAFE_INTEGER, clampTo = Number.MAX_SAFE_INTEGER } = options;
  const integer = z
    .custom<string>((text) => typeof text === 'string' && /^-?\d{1,32}$/.test(text), {
      error: 'must be an integer',
    })
    .transform((text) => Math.max(Math.min(Number(text), clampTo), Number.MIN_SAFE_INTEGER))
    .refine((value) => value >= min, { error: `must be at least ${min}` });
  return integer.optional().meta({
    type: 'integer',
    description: options.description,
    ...(options.min === undefined ? {} : { minimum: options.min }),
    ...(options.default === undefined ? {} : { default: options.default }),
  });
}

/** `true` or `false` in a query string. */
export function queryBoolean(description: string) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true')
    .optional()
    .meta({ type: 'boolean', enum: undefined, description });
}
