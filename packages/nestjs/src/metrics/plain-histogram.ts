import { Histogram, type HistogramConfiguration, type LabelValues } from 'prom-client';

interface Exported {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly Value[];
}

interface Value {
  readonly metricName: string;
  readonly labels: { readonly le?: number | string };
  readonly sharedLabels: Readonly<Record<string, string | number | undefined>>;
  readonly value: number;
}

/** The observations of one combination of labels. */
interface Tally<T extends string> {
  readonly labels: LabelValues<T>;
  /** By bucket, each alone; the last one has what is above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * A histogram that only counts as it observes, and names buckets and labels when it is scraped. prom-client's own writes the
 * bound of the bucket as a string and checks the labels at each observation: eight of them were 3 % of an append's CPU time.
 */
export class PlainHistogram<T extends string = string> extends Histogram<T> {
  readonly #head: { readonly name: string; readonly help: string };
  readonly #labelNames: readonly T[];
  readonly #bounds: readonly number[];
  readonly #tallies = new Map<string, Tally<T>>();

  constructor(configuration: HistogramConfiguration<T> & { readonly buckets: number[] }) {
    super(configuration);
    const { name, help } = configuration;
    this.#head = { name, help };
    this.#labelNames = configuration.labelNames ?? [];
    this.#bounds = configuration.buckets;
  }

  /** Counts a value. Every label must be given. */
  note(value: number, labels: LabelValues<T> = {}): void {
    const tally = this.#tally(labels);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
    tally.counts[bucket] = (tally.counts[bucket] ?? 0) + 1;
    tally.sum += value;
  }

  override reset(): void {
    super.reset();
    // The constructor above this one resets too.
    if (#tallies in this) this.#tallies.clear();
  }

  /** What `get` and registries read: prom-client's types do not name it. */
  getForPromString(): Promise<Exported> {
    // Without labels there is one series from the start.
    if (this.#labelNames.length === 0) this.#tally({});
    const values = [...this.#tallies.values()].flatMap((tally) => this.#valuesOf(tally));
    return Promise.resolve({ ...this.#head, type: 'histogram', aggregator: 'sum', values });
  }

  #tally(labels: LabelValues<T>): Tally<T> {
    let key = '';
    for (const name of this.#labelNames) key += `${labels[name] ?? ''}\n`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally = { labels, counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  #valuesOf({ labels, counts, sum }: Tally<T>): Value[] {
    const { name } = this.#head;
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
      total += counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: total },
    ];
  }
}
