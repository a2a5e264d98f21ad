import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { FastpacaError } from '@fastpaca/fastpaca';
import type { UIMessage } from 'ai';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Chats } from '../chat/chats.ts';
import type { Compactors } from '../chat/watch.ts';

const files = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
];

const chatId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const said = z.object({ id: z.string().min(1).max(64), text: z.string().trim().min(1).max(10_000) });

/** The page, and the three calls that it makes. */
export function createApp(chats: Chats, compactors: Compactors): FastifyInstance {
  const app = Fastify();
  for (const { path, file, type } of files) {
    const content = readFileSync(new URL(`../../public/${file}`, import.meta.url));
    app.get(path, (_, reply) => reply.type(type).send(content));
  }

  app.get<{ Params: { id: string } }>('/api/chats/:id', ({ params }) => chats.view(chatId.parse(params.id)));

  app.post<{ Params: { id: string } }>('/api/chats/:id/messages', ({ params, body }) => {
    const { id, text } = said.parse(body);
    const message: UIMessage = { id, role: 'user', parts: [{ type: 'text', text }] };
    return chats.say(chatId.parse(params.id), message);
  });

  // Says that something has changed; the page then reads the view again.
  app.get<{ Params: { id: string } }>('/api/chats/:id/events', async ({ params }, reply) => {
    const ctx = await chats.open(chatId.parse(params.id));
    const leave = compactors.watch(ctx);
    const gone = new AbortController();
    reply.raw.on('close', () => {
      gone.abort();
      leave();
    });
    async function* events(): AsyncGenerator<string> {
      yield ': connected\n\n';
      for await (const { type, version } of ctx.stream({ includeMessages: false, signal: gone.signal })) {
        yield `data: ${JSON.stringify({ type, version })}\n\n`;
      }
    }
    const body = Readable.from(events());
    // The page has gone: that is how it ends.
    body.on('error', () => undefined);
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(body);
  });

  app.setErrorHandler((error, _, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ message: z.prettifyError(error) });
    if (error instanceof FastpacaError)
      return reply.code(502).send({ message: `The context store: ${error.message}` });
    app.log.error(error);
    return reply.code(500).send({ message: 'The example failed; see its output.' });
  });
  return app;
}
