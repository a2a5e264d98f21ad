import { describe, expect, test } from '@jest/globals';
import { checkLinearizable } from '../src/check/linearizable.ts';
import { checkLog, checkObserved, checkSequence } from '../src/check/log-checks.ts';
import { checkCopies, checkDigests } from '../src/check/replica-checks.ts';
import { checkSilences } from '../src/check/silence-checks.ts';
import { StreamCheck, type Frame } from '../src/check/stream-checks.ts';
import { checkVersions } from '../src/check/version-checks.ts';
import { ObservedMessages } from '../src/history/observed-messages.ts';
import { ObservedWindows } from '../src/history/observed-windows.ts';
import type { Action, Operation, Outcome } from '../src/history/operation.ts';

// Each check is shown a history that keeps the promise, and one for each way to break it.

let clock = 0;
/** Operations one after the other, unless times are given. */
function operation(action: Action, outcome: Outcome, at: Partial<Operation> = {}): Operation {
  clock += 10;
  const times = { invokedAt: clock, completedAt: clock + 5 };
  return { id: clock, client: 'c1', context: 'a', ...times, action, outcome, ...at };
}
const append = (texts: readonly string[], outcome: Outcome, at?: Partial<Operation>): Operation =>
  operation({ kind: 'append', texts, keyed: false, ifVersion: null }, outcome, at);
const appended = (version: number, ...seqs: number[]): Outcome => ({
  kind: 'appended',
  seqs,
  version,
  deduped: false,
});
const unknown: Outcome = { kind: 'unknown', why: 'no answer' };
const failed: Outcome = { kind: 'failed', why: '503 unavailable' };
const read = (version: number, lastSeq: number | null, at?: Partial<Operation>): Operation =>
  operation({ kind: 'read' }, { kind: 'seen', version, lastSeq, tombstoned: null }, at);
const checksOf = (violations: readonly { check: string }[]): string[] => violations.map(({ check }) => check);

describe('the log at the end', () => {
  test('holds what was acknowledged, at its seq', () => {
    const operations = [append(['x'], appended(1, 1)), append(['y', 'z'], appended(2, 2, 3))];
    expect(checkLog('a', operations, ['x', 'y', 'z'])).toEqual([]);
    expect(checksOf(checkLog('a', operations, ['x', 'y']))).toEqual(['nothing acknowledged lost']);
    expect(checksOf(checkLog('a', operations, ['x', 'z', 'y']))).toEqual([
      'nothing acknowledged lost',
      'nothing acknowledged lost',
    ]);
  });

  test('holds nothing twice', () => {
    expect(checksOf(checkLog('a', [append(['x'], appended(1, 1))], ['x', 'x']))).toEqual(['nothing doubled']);
  });

  test('may hold what was never answered, as a whole', () => {
    const operations = [append(['x', 'y'], unknown)];
    expect(checkLog('a', operations, [])).toEqual([]);
    expect(checkLog('a', operations, ['x', 'y'])).toEqual([]);
    expect(checksOf(checkLog('a', operations, ['x']))).toEqual(['batches whole']);
    expect(checksOf(checkLog('a', operations, ['y', 'x']))).toEqual(['batches whole']);
  });

  test('does not hold what was refused, nor what nobody sent', () => {
    const conflict: Outcome = { kind: 'conflict', currentVersion: 3 };
    for (const outcome of [failed, conflict, { kind: 'tombstoned' } as const]) {
      expect(checkLog('a', [append(['x'], outcome)], [])).toEqual([]);
      expect(checksOf(checkLog('a', [append(['x'], outcome)], ['x']))).toEqual(['refused means never']);
    }
    expect(checksOf(checkLog('a', [], ['x']))).toEqual(['no phantoms']);
  });

  test('has no hole', () => {
    expect(checkSequence('a', [1, 2, 3], 3)).toEqual([]);
    expect(checksOf(checkSequence('a', [1, 3], 2))).toEqual(['seq without hole']);
    expect(checksOf(checkSequence('a', [1, 2], 3))).toEqual(['seq without hole']);
  });

  test('holds what any read has shown', () => {
    const observed = new Map([[2, 'y']]);
    expect(checkObserved('a', observed, ['x', 'y'])).toEqual([]);
    expect(checksOf(checkObserved('a', observed, ['x']))).toEqual(['what was read stays']);
    expect(checksOf(checkObserved('a', observed, ['x', 'z']))).toEqual(['what was read stays']);
  });
});

test('a message that was shown once is shown again as it was', () => {
  const observed = new ObservedMessages();
  expect(observed.observe('a', 1, 'x', 'a read')).toBeNull();
  expect(observed.observe('a', 1, 'x', 'a stream')).toBeNull();
  expect(observed.observe('b', 1, 'y', 'a read')).toBeNull();
  expect(observed.observe('a', 1, 'y', 'a read')).toMatchObject({ check: 'immutable log', context: 'a' });
});

test('a window of one version is the same everywhere', () => {
  const windows = new ObservedWindows();
  expect(windows.observe('a', 1, '{"messages":[]}', 'n1')).toBeNull();
  expect(windows.observe('a', 1, '{"messages":[]}', 'n2')).toBeNull();
  expect(windows.observe('a', 2, '{"messages":[1]}', 'n2')).toBeNull();
  expect(windows.observe('a', 1, '{"messages":[1]}', 'n3')).toMatchObject({ check: 'windows equal' });
});

test('versions never go back to one client', () => {
  const forth = [read(1, 1), read(2, 2), read(2, 2)];
  expect(checkVersions(forth)).toEqual([]);
  expect(checksOf(checkVersions([read(2, 2), read(1, 1)]))).toEqual(['versions never go back']);
  expect(checkVersions([read(2, 2), read(1, 1, { client: 'c2' })])).toEqual([]);
  const repeated = append(['x'], { kind: 'appended', seqs: [1], version: 1, deduped: true });
  expect(checkVersions([read(2, 2), repeated])).toEqual([]);
});

describe('linearizable', () => {
  const check = (operations: readonly Operation[], log: readonly string[], cuts = false): string[] =>
    checksOf(checkLinearizable('a', operations, log, { cuts }));
  const broken = ['linearizable'];

  test('a read sees every append that was answered before it', () => {
    expect(check([append(['x'], appended(1, 1)), read(1, 1)], ['x'])).toEqual([]);
    expect(check([append(['x'], appended(1, 1)), read(0, 0)], ['x'])).toEqual(broken);
  });

  test('an append that was never answered takes effect once, at any time after it was sent', () => {
    const sent = append(['x'], unknown, { invokedAt: 1, completedAt: 2 });
    const early = read(0, 0, { invokedAt: 3, completedAt: 4 });
    const late = read(1, 1, { invokedAt: 50, completedAt: 60 });
    expect(check([sent, early, late], ['x'])).toEqual([]);
    const gone = read(0, 0, { invokedAt: 70, completedAt: 80 });
    expect(check([sent, early, late, gone], ['x'])).toEqual(broken);
    // Not in the log at the end, so it was never there.
    expect(check([sent, late], [])).toEqual(broken);
  });

  test('two appends do not get one version', () => {
    const both = (version: number): Operation[] => [
      append(['x'], appended(1, 1), { invokedAt: 1, completedAt: 9 }),
      append(['y'], appended(version, 2), { invokedAt: 1, completedAt: 9 }),
    ];
    expect(check(both(2), ['x', 'y'])).toEqual([]);
    expect(check(both(1), ['x', 'y'])).toEqual(broken);
  });

  test('a conflict names the version of a moment of the call', () => {
    const conditional = (currentVersion: number): Operation =>
      operation(
        { kind: 'append', texts: ['y'], keyed: false, ifVersion: 0 },
        { kind: 'conflict', currentVersion },
      );
    expect(check([append(['x'], appended(1, 1)), conditional(1)], ['x'])).toEqual([]);
    expect(check([append(['x'], appended(1, 1)), conditional(2)], ['x'])).toEqual(broken);
  });

  test('if_version lets one of two through', () => {
    const conditional = (text: string, version: number, seq: number): Operation =>
      operation({ kind: 'append', texts: [text], keyed: false, ifVersion: 0 }, appended(version, seq));
    expect(check([conditional('x', 1, 1)], ['x'])).toEqual([]);
    expect(check([conditional('x', 1, 1), conditional('y', 2, 2)], ['x', 'y'])).toEqual(broken);
  });

  test('a compaction moves the version by one, one that was never answered perhaps', () => {
    const compact = (outcome: Outcome): Operation =>
      operation({ kind: 'compact', ifVersion: null }, outcome, { invokedAt: 1, completedAt: 2 });
    const after = (version: number): Operation => read(version, 0, { invokedAt: 3, completedAt: 4 });
    expect(check([compact({ kind: 'compacted', version: 1 }), after(1)], [])).toEqual([]);
    expect(check([compact({ kind: 'compacted', version: 1 }), after(0)], [])).toEqual(broken);
    expect(check([compact(unknown), after(0)], [])).toEqual([]);
    expect(check([compact(unknown), after(1)], [])).toEqual([]);
    expect(check([compact(unknown), after(2)], [])).toEqual(broken);
  });

  test('an append may move the version by two only where the policy cuts', () => {
    const operations = [append(['x'], appended(2, 1)), read(2, 1)];
    expect(check(operations, ['x'], true)).toEqual([]);
    expect(check(operations, ['x'], false)).toEqual(broken);
  });

  test('a tombstone refuses appends until the context is revived', () => {
    const tombstone = (): Operation => operation({ kind: 'tombstone' }, { kind: 'done' });
    const revive = (): Operation => operation({ kind: 'revive' }, { kind: 'done' });
    const refused = (): Operation => append(['x'], { kind: 'tombstoned' });
    expect(check([tombstone(), refused(), revive(), append(['y'], appended(1, 1))], ['y'])).toEqual([]);
    expect(check([refused()], [])).toEqual(broken);
    expect(check([tombstone(), append(['y'], appended(1, 1))], ['y'])).toEqual(broken);
  });
});

describe('a stream', () => {
  const message = (version: number, seq: number, text: string): Frame => ({
    type: 'message',
    version,
    seq,
    text,
  });
  const context = (version: number): Frame => ({ type: 'context', version });
  const broken = { check: 'streams equal the log' };

  function fed(...connections: readonly (readonly Frame[])[]): { stream: StreamCheck; last: unknown } {
    const stream = new StreamCheck('a');
    let last: unknown = null;
    for (const frames of connections) {
      stream.connected();
      for (const frame of frames) last = stream.frame(frame);
    }
    return { stream, last };
  }

  test('is the log, over several connections', () => {
    const { stream, last } = fed(
      [message(1, 1, 'x'), context(1), message(2, 2, 'y')],
      [message(2, 2, 'y'), message(2, 3, 'z'), context(2)],
    );
    expect(last).toBeNull();
    expect(stream.cursor).toBe(2);
    expect(stream.end(['x', 'y', 'z'])).toEqual([]);
    expect(stream.end(['x', 'y', 'q'])).toMatchObject([broken]);
    expect(stream.end(['x', 'y', 'z', 'more'])).toMatchObject([broken]);
  });

  test.each([
    ['a hole', [message(1, 1, 'x'), context(1), message(2, 3, 'z')]],
    ['a repetition', [message(1, 1, 'x'), context(1), message(1, 1, 'x')]],
    ['a version that goes back', [message(2, 1, 'x'), context(2), context(1)]],
    ['a reset', [{ type: 'reset', version: 1 } as const]],
    ['a gap', [{ type: 'gap', version: 1 } as const]],
  ])('has %s', (_, frames) => {
    expect(fed(frames).last).toMatchObject(broken);
  });

  test('leaves nothing out after a resume, and brings nothing that the cursor covers', () => {
    const before = [message(1, 1, 'x'), context(1), message(2, 2, 'y'), context(2)];
    expect(fed(before, [message(3, 3, 'z')]).last).toBeNull();
    expect(fed(before, [message(3, 4, 'z')]).last).toMatchObject(broken);
    expect(fed(before, [message(2, 2, 'y')]).last).toMatchObject(broken);
    expect(fed([message(1, 1, 'x')], [message(1, 1, 'other')]).last).toMatchObject(broken);
  });
});

test('every node gives the same bytes', () => {
  const copy = (node: string, change: object = {}) => ({
    node,
    record: '{}',
    log: '1\n',
    window: '[]',
    ...change,
  });
  expect(checkCopies('a', [copy('n1'), copy('n2'), copy('n3')])).toEqual([]);
  expect(checksOf(checkCopies('a', [copy('n1'), copy('n2', { log: '2\n' })]))).toEqual(['replicas equal']);
  expect(checksOf(checkCopies('a', [copy('n1'), copy('n2', { record: '' })]))).toEqual(['replicas equal']);
  expect(checksOf(checkCopies('a', [copy('n1'), copy('n2', { window: '' })]))).toEqual(['windows equal']);
});

test('the replicas of a group have the same keys', () => {
  const digest = (node: string, group: number, sha256 = 'same') => ({ node, group, sha256, keys: 3 });
  expect(checkDigests([digest('n1', 0), digest('n2', 0), digest('n1', 1), digest('n2', 1)], 2)).toEqual([]);
  expect(checksOf(checkDigests([digest('n1', 0), digest('n2', 0, 'other')], 2))).toEqual([
    'replicas byte-equal',
  ]);
  expect(checksOf(checkDigests([digest('n1', 0)], 2))).toEqual(['replicas byte-equal']);
});

test('a request may go unanswered only while its node has a reason', () => {
  const silence = { node: 'n1', from: 100, to: 8_100, what: 'an append' };
  expect(checkSilences([silence], [{ node: 'n1', from: 5_000, to: 6_000 }])).toEqual([]);
  expect(checksOf(checkSilences([silence], []))).toEqual(['no request hangs']);
  expect(checksOf(checkSilences([silence], [{ node: 'n2', from: 0, to: 9_000 }]))).toEqual([
    'no request hangs',
  ]);
  expect(checksOf(checkSilences([silence], [{ node: 'n1', from: 8_200, to: 9_000 }]))).toEqual([
    'no request hangs',
  ]);
});
