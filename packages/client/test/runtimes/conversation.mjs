// One conversation through the built package, with nothing but web globals: run by Bun, Deno, Node and an edge runtime.

/** @param {typeof import('../../src/index.js')} fastpaca @param {string} baseUrl @param {string} id */
export async function conversation({ createClient, ConflictError }, baseUrl, id) {
  const client = createClient({ baseUrl, timeoutMs: 10_000 });
  const ctx = await client.context(id, { budget: 4000 });
  const { version } = await ctx.append({ role: 'user', parts: [{ type: 'text', text: '¿Qué tal? 🦙' }] });
  await ctx.append([{ role: 'assistant', parts: [{ type: 'text', text: 'Bien.' }] }], { ifVersion: version });
  const conflict = await ctx
    .append({ role: 'user', parts: [{ type: 'text', text: 'late' }] }, { ifVersion: version })
    .catch((error) => error);
  const texts = [];
  for await (const { parts } of ctx.messages({ pageSize: 1 })) texts.push(parts[0].text);
  const { messages, usedTokens } = await ctx.context();
  const streamed = [];
  for await (const event of ctx.stream({ cursor: 0 })) {
    if (event.type === 'message') streamed.push(event.message.parts[0].text);
    if (event.type === 'context' && streamed.length === 2) break;
  }
  return {
    texts,
    streamed,
    window: messages.length,
    counted: usedTokens > 0,
    conflict: conflict instanceof ConflictError && conflict.currentVersion === 2,
  };
}
