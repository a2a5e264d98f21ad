import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { PlainHistogram } from '../../src/metrics/plain-histogram.js';

const buckets = [0.001, 0.25, 1, 64];
const values = fc.oneof(
  fc.constantFrom(0, ...buckets),
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.nat({ max: 100 }),
);
const labelled = { name: 'requests', help: 'Requests', labelNames: ['route', 'status'] as const, buckets };
const plain = { name: 'bytes', help: 'Bytes', buckets };

/** Without the exemplars, of which there are none. */
const printed = async (registry: Registry): Promise<unknown> =>
  JSON.parse(
    JSON.stringify(await registry.getMetricsAsJSON(), (key, value: unknown) =>
      key === 'exemplar' ? undefined : value,
    ),
  );

test('a scrape shows what the histogram of prom-client shows', async () => {
  const observation = fc.record({
    route: fc.constantFrom('/a', '/b'),
    status: fc.constantFrom(200, 404),
    value: values,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(observation), async (observations) => {
      const [theirs, ours] = [new Registry(), new Registry()];
      const their = {
        labelled: new Histogram({ ...labelled, registers: [theirs] }),
        plain: new Histogram({ ...plain, registers: [theirs] }),
      };
      const our = {
        labelled: new PlainHistogram({ ...labelled, registers: [ours] }),
        plain: new PlainHistogram({ ...plain, registers: [ours] }),
      };
      for (const { value, ...labels } of observations) {
        their.labelled.observe(labels, value);
        their.plain.observe(value);
        our.labelled.note(value, labels);
        our.plain.note(value);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
      expect(await printed(ours)).toEqual(await printed(theirs));
      ours.resetMetrics();
      theirs.resetMetrics();
      our.plain.note(1);
      their.plain.observe(1);
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
  );
});
