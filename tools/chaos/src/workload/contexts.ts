/** A context of the workload and what is done to it. */
export interface WorkContext {
  readonly id: string;
  readonly settings: object;
  /** Its policy compacts by itself. */
  readonly cuts: boolean;
  /** Is tombstoned and revived. */
  readonly deleted: boolean;
  /** A stream follows it to the end. */
  readonly followed: boolean;
}

/** Of every kind some; each in a group of its own, as the hash will have it. */
export function workContexts(count: number): WorkContext[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 4;
    return {
      id: `${kindNames[kind] ?? ''}-${index}`,
      settings: settings[kind] ?? {},
      cuts: kind !== 0,
      deleted: kind === 3,
      followed: kind !== 3 && index < 8,
    };
  });
}

const kindNames = ['manual', 'last', 'parts', 'deleted'];

// Small budgets, so that policies have work all the time.
const settings = [
  { token_budget: 100_000, policy: { strategy: 'manual', config: {} } },
  { token_budget: 600, trigger_ratio: 0.7, policy: { strategy: 'last_n', config: { limit: 20 } } },
  { token_budget: 900, policy: { strategy: 'skip_parts', config: { limit: 40 } } },
  { token_budget: 600, policy: { strategy: 'last_n', config: { limit: 12 } } },
];
