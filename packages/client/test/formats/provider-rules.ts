import type { AnthropicConversation, AnthropicUserBlock, OpenAIMessage } from '../../src/index.js';

/*
 * What the providers refuse, by the numbers of window-rules.md, stated without the code that avoids it.
 * Each function returns the violations it found, in words.
 */

export function openAIViolations(messages: readonly OpenAIMessage[]): string[] {
  const found: string[] = [];
  let awaited: string[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (awaited.shift() !== message.tool_call_id)
        found.push(`rule 2: result ${index} answers no call before it`);
      continue;
    }
    if (awaited.length > 0)
      found.push(`rule 1: message ${index} comes before the results of ${awaited.join(', ')}`);
    awaited = [];
    if (message.role === 'assistant') {
      awaited = message.tool_calls?.map(({ id }) => id) ?? [];
      if (new Set(awaited).size < awaited.length) found.push(`message ${index} has a call id twice`);
      if (awaited.some((id) => id.length > 40))
        found.push(`message ${index} has an id of more than 40 characters`);
      if (message.content === null && awaited.length === 0) found.push(`rule 9: message ${index} is empty`);
      for (const { function: called } of message.tool_calls ?? []) JSON.parse(called.arguments);
    }
    const { content } = message;
    if (content === null) continue;
    const texts =
      typeof content === 'string'
        ? [content]
        : content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    if (texts.some((text) => text.trim() === '')) found.push(`rule 9: message ${index} has an empty text`);
    if (content.length === 0) found.push(`rule 9: message ${index} is empty`);
  }
  if (awaited.length > 0) found.push(`rule 1: the results of ${awaited.join(', ')} are missing`);
  return found;
}

export function anthropicViolations({ system, messages }: AnthropicConversation): string[] {
  const found: string[] = [];
  if (system?.trim() === '') found.push('rule 9: the system text is empty');
  let uses: string[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (role !== (index % 2 === 0 ? 'user' : 'assistant'))
      found.push(`rules 7 and 8: message ${index} is of ${role}`);
    if (content.length === 0) found.push(`rule 9: message ${index} is empty`);
    for (const block of content) {
      if (block.type === 'text' && block.text.trim() === '')
        found.push(`rule 9: message ${index} has an empty text`);
    }
    if (role === 'user') {
      found.push(...resultViolations(content, uses, index));
      uses = [];
      continue;
    }
    const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
    uses = calls.map(({ id }) => id);
    if (new Set(uses).size < uses.length) found.push(`message ${index} has a call id twice`);
    for (const { id, input } of calls) {
      if (!/^[a-zA-Z0-9_-]+$/.test(id)) found.push(`message ${index} has the id ${id}`);
      if (typeof input !== 'object' || Array.isArray(input))
        found.push(`message ${index} has an input that is no object`);
    }
    if (content.every(({ type }) => type === 'thinking' || type === 'redacted_thinking')) {
      found.push(`rule 10: message ${index} has thinking and nothing else`);
    }
  }
  if (uses.length > 0) found.push('rule 5: the last calls have no results');
  return found;
}

function resultViolations(
  content: readonly AnthropicUserBlock[],
  uses: readonly string[],
  index: number,
): string[] {
  const found: string[] = [];
  const results = content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []));
  if (JSON.stringify([...results].sort()) !== JSON.stringify([...uses].sort())) {
    found.push(
      `rule 5: message ${index} has the results ${results.join(', ')} for the calls ${uses.join(', ')}`,
    );
  }
  const firstOther = content.findIndex(({ type }) => type !== 'tool_result');
  const lastResult = content.findLastIndex(({ type }) => type === 'tool_result');
  if (firstOther !== -1 && lastResult > firstOther)
    found.push(`rule 6: message ${index} has a result behind other content`);
  return found;
}

/** The texts of user and assistant, in order. */
export function anthropicTexts({ messages }: AnthropicConversation): string[] {
  return messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === 'text' ? [block.text] : [])),
  );
}

export function openAITexts(messages: readonly OpenAIMessage[]): string {
  return messages
    .flatMap((message) => {
      if (message.role === 'tool' || message.role === 'system') return [];
      const { content } = message;
      if (content === null || typeof content === 'string') return [content ?? ''];
      return content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    })
    .join('\n');
}
