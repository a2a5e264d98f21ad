import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  BudgetError,
  createClient,
  toAnthropicMessages,
  toOpenAIMessages,
  type ContextPolicy,
} from '../../src/index.js';
import { sharedStoreUrl } from '../shared-store.js';
import { histories, textsOf } from './histories.js';
import { anthropicTexts, anthropicViolations, openAITexts, openAIViolations } from './provider-rules.js';

const policies: fc.Arbitrary<ContextPolicy> = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((limit) => ({ strategy: 'last_n' as const, config: { limit } })),
  fc.constant({ strategy: 'skip_parts' as const }),
  fc.constant({ strategy: 'manual' as const }),
);

test('windows of the server, whatever was cut from them, are accepted by the providers as they come out', async () => {
  const client = createClient({ baseUrl: sharedStoreUrl() });
  let number = 0;
  let cut = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(histories, { minLength: 1, maxLength: 3 }),
      policies,
      fc.integer({ min: 60, max: 2000 }),
      async (parts, policy, budget) => {
        const ctx = await client.context(`window-${(number += 1)}`, { budget, policy, trigger: 0.7 });
        for (const messages of parts) await ctx.append(messages);
        const window = await ctx.context().catch((error: unknown) => {
          if (error instanceof BudgetError) return ctx.context({ budgetTokens: error.minimumTokens });
          throw error;
        });
        if (window.messages.length < parts.flat().length) cut += 1;

        const openai = toOpenAIMessages(window.messages);
        expect(openAIViolations(openai)).toEqual([]);
        const anthropic = toAnthropicMessages(window.messages);
        expect(anthropicViolations(anthropic)).toEqual([]);
        // What the window holds is what the model gets.
        const texts = textsOf(window.messages);
        expect(anthropicTexts(anthropic).filter((text) => !text.startsWith('[file:'))).toEqual(texts);
        for (const text of texts) expect(openAITexts(openai)).toContain(text);
      },
    ),
    { numRuns: 120 },
  );
  expect(cut).toBeGreaterThan(30);
});
