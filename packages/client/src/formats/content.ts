/*
 * What a message says to a model, in no provider's words. Messages come in the AI SDK's parts, where a
 * call holds its result, or in the split parts of OpenAI and Anthropic, where the result is another
 * part; both end up here.
 */

export interface TextContent {
  readonly kind: 'text';
  readonly text: string;
}

export interface FileContent {
  readonly kind: 'file';
  readonly mediaType: string;
  /** An http(s) or data URL. */
  readonly url: string;
  readonly filename: string | null;
}

/** Reasoning that Anthropic signed: it goes back as it came, or not at all. */
export interface ThinkingContent {
  readonly kind: 'thinking';
  readonly text: string;
  readonly signature: string;
}

export interface RedactedThinkingContent {
  readonly kind: 'redacted';
  readonly data: string;
}

export interface CallContent {
  readonly kind: 'call';
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  /** In the part itself, or from another one; without any the call is not sent. */
  result: ResultContent | null;
}

export interface ResultContent {
  readonly output: unknown;
  readonly isError: boolean;
}

export type AssistantContent =
  TextContent | FileContent | ThinkingContent | RedactedThinkingContent | CallContent;
export type UserContent = TextContent | FileContent;

/** What one part is. A `step` is where one model call ends and the next begins. */
export type ReadPart =
  | AssistantContent
  | { readonly kind: 'result'; readonly callId: string; readonly result: ResultContent }
  | { readonly kind: 'step' }
  /** Nothing that a model sees: `data-*`, `source-*`, what is not known. */
  | { readonly kind: 'nothing' };
