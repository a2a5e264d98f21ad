import { describe, expect, test } from '@jest/globals';
import { ContextStoreAdapter } from '../../src/http/context-store-adapter.js';

describe('schemas of Fastify for routes of your own', () => {
  const schema = { querystring: { type: 'object', required: ['name'] } };

  async function statusOf(query: string, adapter: ContextStoreAdapter): Promise<number> {
    const fastify = adapter.getInstance();
    fastify.get('/mine', { schema }, (_request, reply) => reply.send('hello'));
    const { statusCode } = await fastify.inject({ url: `/mine?${query}` });
    await fastify.close();
    return statusCode;
  }

  test('check requests, as they do on any adapter', async () => {
    expect(await statusOf('other=1', new ContextStoreAdapter())).toBe(400);
    expect(await statusOf('name=1', new ContextStoreAdapter())).toBe(200);
  });

  test('are refused with a message that says so where routeSchemas is false', async () => {
    const refused = statusOf('name=1', new ContextStoreAdapter({ routeSchemas: false }));
    await expect(refused).rejects.toThrow('routeSchemas: false');
  });
});
