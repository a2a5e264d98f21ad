import { InvalidArgumentError } from 'commander';

/** Parsers of option values: what they throw, commander reports with the option's name. */
export function integerFrom(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d{1,15}$/.test(text) && value >= minimum) return value;
    throw new InvalidArgumentError(
      Number.isFinite(minimum) ? `It must be an integer of at least ${minimum}.` : 'It must be an integer.',
    );
  };
}

export function ratio(text: string): number {
  const value = Number(text);
  if (text !== '' && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be above 0 and at most 1.');
}

export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // The same message as for JSON of another type.
  }
  throw new InvalidArgumentError('It must be a JSON object.');
}

export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** `key=value`, several times. */
export function keyValue(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function oneOf<T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`It must be ${values.join(', ')}.`);
  };
}
