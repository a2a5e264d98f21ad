import { toUIMessages, type Client, type Context } from '@fastpaca/fastpaca';
import {
  consumeStream,
  convertToModelMessages,
  createIdGenerator,
  stepCountIs,
  streamText,
  type LanguageModel,
  type UIMessage,
} from 'ai';
import { tools } from './tools.ts';

const instructions = 'You are a friendly assistant. Answer briefly.';

/** What the page shows beside each other. */
export interface ChatView {
  readonly version: number;
  readonly budget: number;
  readonly usedTokens: number;
  readonly needsCompaction: boolean;
  readonly history: readonly ShownMessage[];
  readonly window: readonly ShownMessage[];
}

type ShownMessage = UIMessage & { readonly seq?: number; readonly tokenCount: number };

/** The chats of the example: contexts of the store, and a model that answers. */
export class Chats {
  private readonly newId = createIdGenerator({ prefix: 'msg', size: 16 });

  private readonly client: Client;
  private readonly model: LanguageModel;
  private readonly budget: number;

  constructor(client: Client, model: LanguageModel, budget: number) {
    this.client = client;
    this.model = model;
    this.budget = budget;
  }

  /** The context of a chat; created with its system prompt when it is new. */
  async open(id: string): Promise<Context<UIMessage>> {
    const ctx = await this.client.context<UIMessage>(id, {
      budget: this.budget,
      trigger: 0.6,
      policy: { strategy: 'manual' },
    });
    // The message id makes this happen once, however many pages open the chat.
    await ctx.append({ id: 'instructions', role: 'system', parts: [{ type: 'text', text: instructions }] });
    return ctx;
  }

  /** Appends what the user said and streams the answer, which is appended when it is whole. */
  async say(id: string, message: UIMessage): Promise<Response> {
    const ctx = await this.open(id);
    await ctx.append(message);
    const { messages } = await ctx.context();
    // A request that was sent again after its answer was stored.
    if (messages.at(-1)?.role !== 'user') return new Response('Answered already: reload.', { status: 409 });
    const result = streamText({
      model: this.model,
      tools,
      stopWhen: stepCountIs(5),
      messages: await convertToModelMessages(messages),
      allowSystemInMessages: true,
    });
    return result.toUIMessageStreamResponse<UIMessage>({
      originalMessages: toUIMessages<UIMessage>(messages),
      generateMessageId: this.newId,
      onEnd: async ({ responseMessage }) => {
        await ctx.append(responseMessage);
      },
      // Also where the page is closed before the answer is complete.
      consumeSseStream: consumeStream,
    });
  }

  async view(id: string): Promise<ChatView> {
    const ctx = await this.open(id);
    const [info, history, window] = await Promise.all([
      ctx.info(),
      ctx.getTail({ limit: 200 }),
      ctx.context(),
    ]);
    return {
      version: info.version,
      budget: info.tokenBudget,
      usedTokens: info.usedTokens,
      needsCompaction: info.needsCompaction,
      history,
      window: window.messages,
    };
  }
}
