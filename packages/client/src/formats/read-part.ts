import type { ReadPart } from './content.js';
import { readFile } from './read-file.js';
import { isRecord, member, text, type RawPart } from './raw.js';
import { readTool } from './read-tool.js';

const nothing: ReadPart = { kind: 'nothing' };

/** Reads a part by its type, as docs/context-management.md names them. */
export function readPart(part: RawPart, role: string): ReadPart {
  const type = text(part, 'type') ?? '';
  const tool = readTool(part, type, role);
  if (tool !== null) return tool;
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text': {
      const words = text(part, 'text') ?? '';
      // Providers refuse a text of white space only.
      return /\S/.test(words) ? { kind: 'text', text: words } : nothing;
    }
    case 'step-start':
      return { kind: 'step' };
    case 'reasoning':
      return readReasoning(part);
    case 'thinking': {
      const signature = text(part, 'signature');
      return signature === null
        ? nothing
        : { kind: 'thinking', text: text(part, 'thinking') ?? '', signature };
    }
    case 'redacted_thinking': {
      const data = text(part, 'data');
      return data === null ? nothing : { kind: 'redacted', data };
    }
    default:
      return readFile(part, type) ?? nothing;
  }
}

/** The AI SDK keeps Anthropic's signature beside the reasoning. */
function readReasoning(part: RawPart): ReadPart {
  const metadata = member(part, 'providerMetadata') ?? member(part, 'providerOptions');
  const anthropic = isRecord(metadata) ? metadata['anthropic'] : null;
  if (!isRecord(anthropic)) return nothing;
  const redacted = text(anthropic, 'redactedData');
  if (redacted !== null) return { kind: 'redacted', data: redacted };
  const signature = text(anthropic, 'signature');
  return signature === null ? nothing : { kind: 'thinking', text: text(part, 'text') ?? '', signature };
}
