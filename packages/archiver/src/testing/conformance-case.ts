/** One promise of an interface, checked. Hand it to any test runner. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects with an `AssertionError` where the promise is broken. */
  readonly run: () => Promise<void>;
}
