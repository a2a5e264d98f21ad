import type { ReadPart, ResultContent } from './content.js';
import { isRecord, member, text, type RawPart } from './raw.js';

const callTypes = new Set([
  'tool_call',
  'tool_use',
  'function_call',
  'tool-call',
  'server_tool_use',
  'mcp_tool_use',
  'custom_tool_call',
]);
const resultTypes = new Set(['tool_result', 'tool-result', 'function_response']);

/** A tool call, a result, or a call with its result; null where the part is none of them. */
export function readTool(part: RawPart, type: string, role: string): ReadPart | null {
  const state = text(part, 'state');
  const combined = type === 'dynamic-tool' || (type.startsWith('tool-') && state !== null);
  if (combined) return readCombined(part, type, state);
  if (callTypes.has(type)) return readCall(part);
  const isResult = resultTypes.has(type) || type.endsWith('_tool_result') || type.endsWith('_call_output');
  // A message of role `tool` is a result, whatever its parts are called.
  if (!isResult && role !== 'tool') return null;
  const callId = idOf(part, [
    'tool_use_id',
    'call_id',
    'tool_call_id',
    'toolCallId',
    ...(isResult ? ['id'] : []),
  ]);
  return callId === null ? { kind: 'nothing' } : { kind: 'result', callId, result: readResult(part) };
}

/** `tool-NAME` and `dynamic-tool` of the AI SDK. */
function readCombined(part: RawPart, type: string, state: string | null): ReadPart {
  const id = text(part, 'toolCallId');
  const name = type === 'dynamic-tool' ? text(part, 'toolName') : type.slice('tool-'.length);
  // Its input is not complete.
  if (id === null || name === null || state === 'input-streaming') return { kind: 'nothing' };
  const input = part['input'] ?? part['rawInput'];
  return { kind: 'call', id, name, input, result: resultOfState(part, state) };
}

function resultOfState(part: RawPart, state: string | null): ResultContent | null {
  switch (state) {
    case 'output-available':
      return { output: part['output'], isError: false };
    case 'output-error':
      return { output: text(part, 'errorText') ?? 'The tool failed.', isError: true };
    case 'output-denied': {
      const approval = part['approval'];
      const reason = isRecord(approval) ? text(approval, 'reason') : null;
      return { output: reason ?? 'The use of this tool was denied.', isError: true };
    }
    default:
      return null;
  }
}

function readCall(part: RawPart): ReadPart {
  const id = idOf(part, ['call_id', 'tool_call_id', 'toolCallId', 'tool_use_id', 'id']);
  const inner = isRecord(part['function']) ? part['function'] : part;
  const name = text(inner, 'name') ?? text(part, 'toolName');
  if (id === null || name === null) return { kind: 'nothing' };
  const input = part['input'] ?? part['args'] ?? inner['arguments'] ?? part['payload'];
  return { kind: 'call', id, name, input: typeof input === 'string' ? parsed(input) : input, result: null };
}

function readResult(part: RawPart): ResultContent {
  const output = member(part, 'content') ?? member(part, 'output') ?? member(part, 'result') ?? part['text'];
  const isError = part['is_error'] === true || part['isError'] === true;
  // The AI SDK's model messages wrap an output in its kind.
  if (
    isRecord(output) &&
    'value' in output &&
    /^(text|json|error-text|error-json)$/.test(text(output, 'type') ?? '')
  ) {
    return { output: output['value'], isError: isError || String(output['type']).startsWith('error') };
  }
  return { output, isError };
}

function idOf(part: RawPart, names: readonly string[]): string | null {
  for (const name of names) {
    const value = part[name];
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

/** Arguments as JSON text; a model may have written broken JSON, which stays text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}
