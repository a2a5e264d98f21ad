import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { contextId } from '../../src/context/context-id.js';
import { putCommand, patchCommand } from '../../src/command/build-command.js';
import { readPage } from '../../src/paging/read-messages.js';
import { prepareMessages } from '../../src/message/prepare-messages.js';
import type { MessageInput } from '../../src/message/message-input.js';
import type { CommandResult } from '../../src/state/change.js';
import { StoreError } from '../../src/store-error.js';
import { readWindow } from '../../src/window/read-window.js';
import { history, type Action } from '../support/actions.js';
import { estimator, GroupBench } from '../support/group-bench.js';
import { Model, type Outcome } from '../support/model.js';
import { parse } from '../support/open-store.js';

const at = 5_000;

describe('the state machine', () => {
  test.each([
    ['that forgets everything at once', 0],
    ['with room for a context or two', 6_000],
    ['with room for all', 1 << 20],
  ])(
    'does what the model does, with a memory %s',
    async (_, cacheBytes) => {
      await fc.assert(
        fc.asyncProperty(history(60), async (actions) => {
          const bench = await GroupBench.create({ cacheBytes: Math.max(1, cacheBytes) });
          const model = new Model();
          try {
            for (const action of actions) {
              const expected = await runOnModel(model, action);
              const result = await runOnBench(bench, model, action);
              if (expected !== null) expect(outcomeOf(result)).toEqual(expected);
              await expectSame(bench, model);
            }
          } finally {
            await bench.close();
          }
        }),
        { numRuns: 15 },
      );
    },
    120_000,
  );
});

async function runOnModel(model: Model, action: Action): Promise<Outcome | null> {
  switch (action.type) {
    case 'put':
      return model.put(action.id, action.settings);
    case 'patch':
      return model.patch(action.id, action.patch);
    case 'tombstone':
      return model.tombstone(action.id);
    case 'erase':
      return model.erase(action.id);
    case 'append':
      version.set(action, versionOf(model, action));
      return model.append(action.id, await outlined(action.messages), action.key, version.get(action));
    case 'compact':
      return model.compact(action.id, await outlined(action.messages), upToOf(model, action));
    case 'archive':
    case 'forget':
    case 'restart':
    case 'crash':
      return null;
  }
}

/** The version that an append asked for, as it was before the model moved. */
const version = new WeakMap<Action, number | undefined>();

async function runOnBench(bench: GroupBench, model: Model, action: Action): Promise<CommandResult> {
  const nothing = { kind: 'erased' } as const;
  switch (action.type) {
    case 'put':
      return bench.run(putCommand(contextId(action.id), at, action.settings));
    case 'patch':
      return bench.run(patchCommand(contextId(action.id), at, action.patch));
    case 'tombstone':
    case 'erase':
      return bench.run({ type: action.type, id: contextId(action.id), at });
    case 'append': {
      const ifVersion = version.get(action);
      return bench.append(action.id, action.messages, {
        at,
        ...(action.key === undefined ? {} : { idempotencyKey: action.key }),
        ...(ifVersion === undefined ? {} : { ifVersion }),
      });
    }
    case 'compact': {
      const upToSeq = upToOf(model, action);
      return bench.compact(action.id, action.messages, { at, ...(upToSeq === undefined ? {} : { upToSeq }) });
    }
    case 'archive':
      return bench.archiveUpTo(action.id, action);
    case 'forget':
      await bench.forget();
      return nothing;
    case 'restart':
    case 'crash':
      await bench.replay(await bench.restart({ flush: action.type === 'restart' }));
      return nothing;
  }
}

function outcomeOf(result: CommandResult): Outcome {
  if (result.kind === 'refused') return result.refusal.reason;
  if (result.kind !== 'appended') return result.kind;
  return { version: result.version, seqs: result.results.map(({ seq }) => seq), deduped: result.deduped };
}

async function expectSame(bench: GroupBench, model: Model): Promise<void> {
  for (const name of ['a', 'b', 'c']) {
    const id = contextId(name);
    const expected = model.contexts.get(name);
    const context = bench.machine.context(id);
    expect(context?.record.version).toBe(expected?.version);
    if (expected === undefined || context === undefined) continue;
    expect(context.record.lastSeq).toBe(expected.log.length);
    expect(context.record.status).toBe(expected.status);
    expect(context.record.window).toEqual(expected.window);
    expect(context.profile.metadata).toEqual(expected.metadata);
    const page = await readPage(bench.source, id, { limit: 1_000 });
    expect(page.messages.map((json) => parse(json)['parts'])).toEqual(
      expected.log.map(({ input }) => input.parts),
    );
    expect(await windowOf(bench, name)).toEqual(model.window(name));
  }
}

async function windowOf(bench: GroupBench, name: string): Promise<unknown> {
  try {
    const { messages, usedTokens } = await readWindow(bench.machine, contextId(name), {});
    return {
      messages: messages.map((json) => {
        const { seq, role, parts } = parse(json);
        return { seq, role, parts };
      }),
      usedTokens,
    };
  } catch (error) {
    if (error instanceof StoreError && error.code === 'budget_unsatisfiable')
      return error.details.minimum_tokens;
    throw error;
  }
}

async function outlined(
  messages: readonly MessageInput[],
): Promise<{ input: MessageInput; outline: never }[]> {
  const prepared = await prepareMessages(messages, estimator, at);
  return messages.map((input, index) => ({ input, outline: prepared[index]?.outline as never }));
}

function versionOf(model: Model, action: Extract<Action, { type: 'append' }>): number | undefined {
  const current = model.contexts.get(action.id)?.version;
  if (action.versionOffset === undefined || current === undefined) return undefined;
  return Math.max(0, current + action.versionOffset);
}

function upToOf(model: Model, action: Extract<Action, { type: 'compact' }>): number | undefined {
  const length = model.contexts.get(action.id)?.log.length ?? 0;
  return action.upTo === undefined ? undefined : Math.floor(action.upTo * length);
}
