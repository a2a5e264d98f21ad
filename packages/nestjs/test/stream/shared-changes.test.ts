import type { ChangesPage, StreamPosition } from '@fastpaca/context-store';
import { describe, expect, test } from '@jest/globals';
import { SharedChanges } from '../../src/stream/shared-changes.js';

const at = (version: number): StreamPosition => ({
  life: 1,
  version,
  messages: 0,
  load: { usedTokens: version, needsCompaction: false },
});
const load = { usedTokens: 1, needsCompaction: false };
const page = (version: number): ChangesPage => ({
  changes: [{ type: 'context', version, ...load }],
  next: at(version),
  ended: false,
});

/** A store whose answers the test gives, and that counts the questions. */
class Store {
  readonly asked: { id: string; version: number; bodies: boolean; answer: (page: ChangesPage) => void }[] =
    [];

  changes(id: string, position: StreamPosition, options: { bodies?: boolean } = {}): Promise<ChangesPage> {
    return new Promise((answer) => {
      this.asked.push({ id, version: position.version, bodies: options.bodies ?? true, answer });
    });
  }
}

describe('clients of one context', () => {
  test('at the same position are served by one read and one encoding', async () => {
    const store = new Store();
    const shared = new SharedChanges(store);
    const [one, two] = [shared.join('a', true), shared.join('a', true)];
    const first = one.after(at(1));
    const second = two.after(at(1));
    expect(store.asked).toHaveLength(1);
    store.asked[0]?.answer(page(2));
    expect((await first).frames[0]?.bytes).toBe((await second).frames[0]?.bytes);
  });

  test('a little behind are served from the page that was read last', async () => {
    const store = new Store();
    const shared = new SharedChanges(store);
    const [one, two] = [shared.join('a', true), shared.join('a', true)];
    const first = one.after(at(1));
    store.asked[0]?.answer(page(2));
    await first;
    expect((await two.after(at(1))).next.version).toBe(2);
    expect(store.asked).toHaveLength(1);
  });

  test('at other positions, with and without messages, and of other contexts, read for themselves', () => {
    const store = new Store();
    const shared = new SharedChanges(store);
    void shared.join('a', true).after(at(1));
    void shared.join('a', true).after(at(2));
    void shared.join('a', false).after(at(1));
    void shared.join('b', true).after(at(1));
    expect(store.asked.map(({ id, version, bodies }) => [id, version, bodies])).toEqual([
      ['a', 1, true],
      ['a', 2, true],
      ['a', 1, false],
      ['b', 1, true],
    ]);
  });

  test('ask again after they waited in vain', async () => {
    const store = new Store();
    const shared = new SharedChanges(store);
    const [one, two] = [shared.join('a', true), shared.join('a', true)];
    const waited = [one.after(at(1)), two.after(at(1))];
    store.asked[0]?.answer({ changes: [], next: at(1), ended: false });
    await Promise.all(waited);
    void one.after(at(1));
    expect(store.asked).toHaveLength(2);
  });

  test('ask again after a failure', async () => {
    let fails = true;
    const shared = new SharedChanges({
      changes: (_id, position) =>
        fails ? Promise.reject(new Error('no leader')) : Promise.resolve(page(position.version + 1)),
    });
    const [one, two] = [shared.join('a', true), shared.join('a', true)];
    await expect(Promise.all([one.after(at(1)), two.after(at(1))])).rejects.toThrow('no leader');
    fails = false;
    expect((await one.after(at(1))).next.version).toBe(2);
    two.leave();
  });

  test('leave no page behind: the last one alone reads for itself', async () => {
    const store = new Store();
    const shared = new SharedChanges(store);
    const [one, two] = [shared.join('a', true), shared.join('a', true)];
    const first = one.after(at(1));
    store.asked[0]?.answer(page(2));
    await first;
    two.leave();
    two.leave();
    void one.after(at(1));
    expect(store.asked).toHaveLength(2);
  });
});
