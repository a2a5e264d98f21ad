import { describe, expect, test } from '@jest/globals';
import { keyOf, Parking } from '../../src/plan/parking.js';
import { sampleRow } from '../../src/testing/sample-rows.js';

const limits = { firstMs: 1_000, largestMs: 8_000 };
const context = { contextId: 'chat-1', life: 'life-1', archivedSeq: 0, lastSeq: 90 };

describe('a refused row', () => {
  test('holds its context before it, and is tried again ever more seldom', () => {
    const parking = new Parking(10, limits);
    expect(parking.park(sampleRow(5), 'no', 0, 0).known).toBe(false);
    expect(parking.readableTo(context, 499)).toBe(4);
    expect(parking.readableTo(context, 500)).toBe(90);
    expect(parking.park(sampleRow(5), 'no', 500, 0).known).toBe(true);
    expect(parking.readableTo(context, 1_499)).toBe(4);
    expect(parking.readableTo(context, 1_500)).toBe(90);
  });

  test('is forgotten once it is archived, and not before', () => {
    const parking = new Parking(10, limits);
    parking.park(sampleRow(5), 'no', 0, 0);
    parking.archived({ ...context, seq: 4 });
    expect(parking.size).toBe(1);
    parking.archived({ ...context, life: 'life-2', seq: 9 });
    expect(parking.size).toBe(1);
    parking.archived({ ...context, seq: 9 });
    expect(parking.size).toBe(0);
    expect(parking.readableTo(context, 0)).toBe(90);
  });

  test('is forgotten with its context', () => {
    const parking = new Parking(10, limits);
    parking.park(sampleRow(5), 'no', 0, 0);
    parking.park(sampleRow(5, { life: 'life-2' }), 'no', 0, 0);
    parking.keepOnly(new Set([keyOf({ contextId: 'chat-1', life: 'life-2' })]));
    expect(parking.list().map(({ life }) => life)).toEqual(['life-2']);
  });

  test('makes room for another when there are too many: the one that would be tried next', () => {
    const parking = new Parking(2, limits);
    parking.park(sampleRow(1, { life: 'a' }), 'no', 500, 0);
    parking.park(sampleRow(1, { life: 'b' }), 'no', 0, 0);
    parking.park(sampleRow(1, { life: 'c' }), 'no', 900, 0);
    expect(parking.list().map(({ life }) => life)).toEqual(['a', 'c']);
  });
});
