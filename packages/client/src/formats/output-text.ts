import { isRecord } from './raw.js';

/** The result of a tool as text: text as it is, blocks of text joined, anything else as JSON. */
export function outputText(output: unknown): string {
  if (typeof output === 'string') return output;
  if (Array.isArray(output) && output.length > 0) {
    const texts = output.map((block: unknown) =>
      isRecord(block) && block['type'] === 'text' && typeof block['text'] === 'string' ? block['text'] : null,
    );
    if (texts.every((text) => text !== null)) return texts.join('\n');
  }
  return JSON.stringify(output ?? null);
}
