/** A part as it was stored: nothing about its members can be taken for granted. */
export type RawPart = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is RawPart {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member that is there and not null. */
export function member(part: RawPart, name: string): unknown {
  return part[name] ?? null;
}

/** A member that is a non-empty string; else null. */
export function text(part: RawPart, name: string): string | null {
  const value = part[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
