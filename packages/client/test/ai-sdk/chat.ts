import { AbstractChat, DefaultChatTransport, type ChatState, type ChatStatus, type UIMessage } from 'ai';

/** The state that `useChat` keeps in React, kept in an object. */
class PlainState<M extends UIMessage> implements ChatState<M> {
  status: ChatStatus = 'ready';
  error: Error | undefined = undefined;

  messages: M[];

  constructor(messages: M[]) {
    this.messages = messages;
  }

  pushMessage = (message: M): void => {
    this.messages = [...this.messages, message];
  };
  popMessage = (): void => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index: number, message: M): void => {
    this.messages = this.messages.with(index, this.snapshot(message));
  };
  snapshot = <T>(thing: T): T => structuredClone(thing);
}

/** `useChat` without React: the AI SDK's own chat, which sends only the newest message to the route. */
export class Chat<M extends UIMessage> extends AbstractChat<M> {
  constructor(id: string, route: (request: Request) => Promise<Response>, messages: M[] = []) {
    super({
      id,
      state: new PlainState<M>(messages),
      transport: new DefaultChatTransport<M>({
        api: 'http://app.test/api/chat',
        fetch: (input, init) => route(new Request(input, init)),
        prepareSendMessagesRequest: ({ id: chatId, messages: all }) => ({
          body: { id: chatId, message: all.at(-1) },
        }),
      }),
    });
  }
}
