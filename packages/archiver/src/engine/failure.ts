/** Which side an error came from: what helps is different. */
export class RoundFailure extends Error {
  readonly of: 'archive' | 'source';
  override readonly cause: Error;

  constructor(of: 'archive' | 'source', cause: Error) {
    super(cause.message);
    this.name = 'RoundFailure';
    this.of = of;
    this.cause = cause;
  }
}

/** Whatever was thrown, as a failure: the loop must go on after an error that nobody thought of. */
export function toFailure(of: 'archive' | 'source', error: unknown): RoundFailure {
  if (error instanceof RoundFailure) return error;
  return new RoundFailure(of, error instanceof Error ? error : new Error(String(error)));
}

export async function failing<T>(of: 'archive' | 'source', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toFailure(of, error);
  }
}
