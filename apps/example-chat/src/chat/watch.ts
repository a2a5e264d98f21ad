import { autoCompact, type Context, type WindowMessage } from '@fastpaca/fastpaca';
import { generateText, isTextUIPart, type LanguageModel, type UIMessage } from 'ai';

/** Summarises chats while somebody looks at them: one worker a chat, however many pages show it. */
export class Compactors {
  private readonly workers = new Map<string, { readonly stop: AbortController; pages: number }>();

  private readonly model: LanguageModel;
  private readonly report: (error: unknown) => void;

  constructor(model: LanguageModel, report: (error: unknown) => void) {
    this.model = model;
    this.report = report;
  }

  /** A page has opened the chat. The answer is to be called when it goes. */
  watch(ctx: Context<UIMessage>): () => void {
    const worker = this.workers.get(ctx.id) ?? this.start(ctx);
    worker.pages += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      worker.pages -= 1;
      if (worker.pages > 0) return;
      worker.stop.abort();
      this.workers.delete(ctx.id);
    };
  }

  stop(): void {
    for (const { stop } of this.workers.values()) stop.abort();
    this.workers.clear();
  }

  private start(ctx: Context<UIMessage>): { readonly stop: AbortController; pages: number } {
    const worker = { stop: new AbortController(), pages: 0 };
    this.workers.set(ctx.id, worker);
    const { signal } = worker.stop;
    const summarise = async ({
      messages,
    }: {
      messages: readonly WindowMessage<UIMessage>[];
    }): Promise<string> => {
      const { text } = await generateText({
        model: this.model,
        abortSignal: signal,
        prompt: promptFor(messages),
      });
      return text;
    };
    autoCompact(ctx, summarise, { signal, keepTurns: 2, onError: this.report }).catch(this.report);
    return worker;
  }
}

function promptFor(messages: readonly WindowMessage<UIMessage>[]): string {
  const lines = messages.map(
    ({ role, parts }) =>
      `${role}: ${parts
        .filter(isTextUIPart)
        .map(({ text }) => text)
        .join(' ')}`,
  );
  return `Summarise this conversation in a few sentences. Begin with the word Summary.\n\n${lines.join('\n')}`;
}
