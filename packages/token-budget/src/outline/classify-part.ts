import type { PartKind, PartLink } from './outline.js';

/** A part as the client sent it. Nothing about its members can be taken for granted. */
export type RawPart = Readonly<Record<string, unknown>>;

const kindOfType = new Map<string, PartKind>([
  ['text', 'text'],
  ['input_text', 'text'],
  ['output_text', 'text'],
  ['step-start', 'step'],
  ['dynamic-tool', 'tool'],
  ['server_tool_use', 'tool'],
  ['functionCall', 'tool'],
  ['functionResponse', 'tool'],
  ['function_response', 'tool'],
  ['thinking', 'reasoning'],
  ['redacted_thinking', 'reasoning'],
  ['file', 'file'],
  ['image', 'file'],
  ['image_url', 'file'],
  ['input_image', 'file'],
  ['input_file', 'file'],
]);

const callTypes = new Set([
  'tool_call',
  'tool_use',
  'function_call',
  'tool-call',
  'server_tool_use',
  'mcp_tool_use',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'functionCall',
]);

const resultTypes = new Set(['tool_result', 'tool-result', 'function_response', 'functionResponse']);

/** Types that carry half of a call, whose other half is another part. */
export function isCallType(type: string): boolean {
  return callTypes.has(type);
}

/** `tool_result`, `function_call_output` and their vendor-specific relatives. */
export function isResultType(type: string): boolean {
  return resultTypes.has(type) || type.endsWith('_tool_result') || type.endsWith('_call_output');
}

/**
 * The kind that `skip_kinds` means. A plain prefix `tool` would miss `dynamic-tool`, and a list of
 * types would miss the vendor's own calls (`web_search_call`) and their results.
 */
export function kindOf(type: string): PartKind {
  const known = kindOfType.get(type);
  if (known !== undefined) return known;
  if (type.startsWith('tool-') || type.startsWith('tool_')) return 'tool';
  if (type.startsWith('reasoning')) return 'reasoning';
  if (type.startsWith('source-')) return 'source';
  if (type.startsWith('data-')) return 'data';
  if (type.startsWith('function_call') || type.startsWith('mcp_')) return 'tool';
  if (type.endsWith('_call') || isResultType(type)) return 'tool';
  return 'other';
}

/** What a part is in a tool call, and of which one. */
export interface Linkage {
  readonly link: PartLink;
  readonly callId: string;
}

const unlinked: Linkage = { link: 'none', callId: '' };
const openCall: Linkage = { link: 'open', callId: '' };

/**
 * Reads a part's link. A split call or result without any id stays unlinked: nothing could pair it,
 * so it is shown as it is.
 */
export function linkOf(part: RawPart, type: string, kind: PartKind, inToolMessage: boolean): Linkage {
  if (kind === 'tool') {
    // `tool-call` is a split call, unless it has a state: then it is the AI SDK's part of a tool named "call".
    const selfContained = typeof part['state'] === 'string' && type.includes('-');
    if (!selfContained && isCallType(type)) return linked('call', callIdOf(part));
    if (!selfContained && isResultType(type)) return linked('result', resultIdOf(part) ?? idOf(part['id']));
    if (type === 'dynamic-tool' || type.startsWith('tool-')) return isOpen(part, type) ? openCall : unlinked;
  }
  // A chat-completions tool message is a result whatever its parts are called.
  return inToolMessage ? linked('result', resultIdOf(part)) : unlinked;
}

/** The call that a part answers. `id` is not among them: an output may have an id of its own. */
export function resultIdOf(part: RawPart): string | null {
  return (
    idOf(part['tool_use_id']) ??
    idOf(part['call_id']) ??
    idOf(part['tool_call_id']) ??
    idOf(part['toolCallId'])
  );
}

/** `id` comes last: a Responses `function_call` has both, and its output names the `call_id`. */
function callIdOf(part: RawPart): string | null {
  return (
    idOf(part['call_id']) ??
    idOf(part['tool_call_id']) ??
    idOf(part['toolCallId']) ??
    idOf(part['tool_use_id']) ??
    idOf(part['id'])
  );
}

function linked(link: 'call' | 'result', id: string | null): Linkage {
  return id === null ? unlinked : { link, callId: id };
}

const maximumIdLength = 64;

function idOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '') return null;
  return value.length <= maximumIdLength ? value : shortened(value);
}

/**
 * Open ids live in replicated state, so their length is bounded: the head of a longer one, its
 * length, and a 53-bit hash (cyrb53) stand for it.
 */
function shortened(id: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  const hash = 4294967296 * (2097151 & high) + (low >>> 0);
  return `${id.slice(0, 32)}#${id.length}#${hash.toString(16)}`;
}

/** Whether a part that carries its own result has none yet. */
function isOpen(part: RawPart, type: string): boolean {
  // AI SDK 4 wraps the call: `{type: 'tool-invocation', toolInvocation: {state: 'call' | 'result', …}}`.
  const invocation = part['toolInvocation'];
  const state = isRecord(invocation) ? invocation['state'] : part['state'];
  switch (state) {
    case 'input-streaming':
    case 'input-available':
    case 'approval-requested':
    case 'approval-responded':
    case 'partial-call':
    case 'call':
      return true;
    case undefined:
      // `tool-approval-request` and `-response` of model messages are neither call nor result.
      return !type.startsWith('tool-approval-') && !hasResult(part);
    default:
      return false;
  }
}

function hasResult(part: RawPart): boolean {
  return 'output' in part || 'errorText' in part || 'result' in part;
}

export function isRecord(value: unknown): value is RawPart {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Text that no provider takes: white space only. A key beyond the three may be a signature that has
 * to be replayed (Gemini sends its `thought_signature` on an empty text), so such a part is not blank.
 */
export function isBlank(part: RawPart, kind: PartKind): boolean {
  if (kind !== 'text') return false;
  const text = part['text'];
  if (typeof text !== 'string' || /\S/.test(text)) return false;
  for (const key in part) {
    if (key !== 'type' && key !== 'text' && key !== 'state') return false;
  }
  return true;
}
