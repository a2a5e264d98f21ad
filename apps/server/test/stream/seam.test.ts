import { StoreError } from '@fastpaca/context-store';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StreamFrame } from '@fastpaca/protocol';
import fc from 'fast-check';
import { EventFollower, Follower } from './follow.js';
import { startStreamServer, type StreamServer, text } from './stream-server.js';

let server: StreamServer;
beforeAll(async () => {
  server = await startStreamServer({});
});
afterAll(async () => {
  await server.close();
});

type Step =
  | { readonly do: 'append'; readonly count: number; readonly tokens: number; readonly bytes: number }
  | { readonly do: 'compact'; readonly share: number }
  | { readonly do: 'settings'; readonly budget: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      count: fc.constantFrom(1, 1, 1, 3, 40),
      tokens: fc.integer({ min: 0, max: 30 }),
      bytes: fc.constantFrom(1, 10, 5_000, 30_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('compact' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('settings' as const), budget: fc.integer({ min: 50, max: 400 }) }),
  },
);

/** What a client does: after so many frames it drops the connection and resumes where it was. */
interface Reader {
  readonly transport: 'websocket' | 'sse';
  readonly drops: readonly number[];
}
const reader: fc.Arbitrary<Reader> = fc.record({
  transport: fc.constantFrom('websocket' as const, 'sse' as const),
  drops: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 }),
});

let made = 0;

describe('the seam between replay and live', () => {
  test('what a client has seen is the log, wherever it reconnects and whatever is appended meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.array(reader, { minLength: 1, maxLength: 3 }),
        async (steps, readers) => {
          made += 1;
          const id = `seam-${made}`;
          await server.store.put(id, { tokenBudget: 200, triggerRatio: 0.5 });
          const done = run(id, steps);
          const seen = await Promise.all(readers.map((each) => follow(id, each, done)));
          const all = await replay(id, await done);
          for (const frames of seen) expect(withoutStanding(frames)).toEqual(withoutStanding(all));
          const log = all.flatMap((frame) => (frame.type === 'message' ? [frame.message] : []));
          const { messages } = await server.store.messages(id, { limit: 1_000 });
          expect(log).toEqual(messages.map((each) => JSON.parse(Buffer.from(each).toString()) as unknown));
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});

/** Returns the last version. */
async function run(id: string, steps: readonly Step[]): Promise<number> {
  for (const each of steps) {
    if (each.do === 'append') {
      const content = 'x'.repeat(each.bytes);
      await server.store.append(
        id,
        Array.from({ length: each.count }, () => text(content, each.tokens)),
      );
    } else if (each.do === 'compact') {
      const { last_seq: lastSeq } = await server.store.get(id);
      const upToSeq = Math.floor(each.share * lastSeq);
      await server.store.compact(id, [text('summary', 5)], { upToSeq }).catch((error: unknown) => {
        // A share that lies before what was replaced already.
        if (!(error instanceof StoreError && error.code === 'invalid_up_to_seq')) throw error;
      });
    } else {
      await server.store.put(id, { tokenBudget: each.budget });
    }
  }
  return (await server.store.get(id)).version;
}

/** All frames that belong to a version which was complete when the connection was dropped, in order. */
async function follow(
  id: string,
  { transport, drops }: Reader,
  done: Promise<number>,
): Promise<StreamFrame[]> {
  const kept: StreamFrame[] = [];
  let cursor = 0;
  for (const drop of drops) {
    const { frames, close } = await connect(id, transport, cursor, drop, done);
    close();
    // A version of which the rest is missing comes again.
    const complete = frames.slice(0, frames.findLastIndex(endsVersion) + 1);
    kept.push(...complete);
    cursor = complete.at(-1)?.version ?? cursor;
  }
  const last = await connect(id, transport, cursor, Number.POSITIVE_INFINITY, done);
  last.close();
  return [...kept, ...last.frames];
}

async function connect(
  id: string,
  transport: Reader['transport'],
  cursor: number,
  count: number,
  done: Promise<number>,
): Promise<{ frames: StreamFrame[]; close: () => void }> {
  const path = `/v1/contexts/${id}/stream?cursor=`;
  const stream =
    transport === 'websocket'
      ? await Follower.open(server.url, `${path}${cursor}`)
      : // A browser's second connection: the cursor of the first, and the id of the last event.
        await EventFollower.open(
          server.url,
          `${path}0`,
          cursor === 0 ? {} : { 'last-event-id': `${cursor}` },
        );
  const seen = (): StreamFrame[] => (stream instanceof Follower ? stream.changes : stream.frames);
  const end = await Promise.race([done, enough(stream, count).then(() => null)]);
  // All is written: what is there must come, and then the connection may have enough.
  if (end !== null) await enough(stream, count, cursor, end);
  return { frames: seen().slice(), close: () => stream.drop() };
}

async function enough(
  stream: Follower | EventFollower,
  count: number,
  cursor = 0,
  version = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (cursor >= version) return;
  const frames = (): StreamFrame[] => (stream instanceof Follower ? stream.changes : stream.frames);
  await stream.until(
    () => frames().length >= count || frames().some((each) => endsVersion(each) && each.version >= version),
  );
}

async function replay(id: string, version: number): Promise<StreamFrame[]> {
  const stream = await Follower.open(server.url, `/v1/contexts/${id}/stream?cursor=0`);
  if (version > 0) await stream.version(version);
  stream.drop();
  return stream.changes;
}

const endsVersion = ({ type }: StreamFrame): boolean => type === 'context';

/**
 * Settings move no version: how the context stands after them is said to whoever was told otherwise,
 * which depends on when it was connected. The first context frame of a version is part of the history.
 */
function withoutStanding(frames: readonly StreamFrame[]): StreamFrame[] {
  let told = -1;
  return frames.filter((frame) => {
    if (frame.type !== 'context') return true;
    const first = frame.version > told;
    told = Math.max(told, frame.version);
    return first && frame.version > 0;
  });
}
