import type { Action, Outcome } from '../history/operation.ts';
import type { Answer } from './api.ts';

/** What a client concludes of one answer to a write; `unexpected` is one that a correct server never gives here. */
export type Conclusion = Outcome | { readonly kind: 'unexpected'; readonly why: string };

interface WriteBody {
  readonly version?: number;
  readonly seq?: number;
  readonly results?: readonly { readonly seq: number }[];
  readonly deduped?: boolean;
  readonly error?: string;
  readonly current_version?: number;
}

export function concludeWrite(action: Action, answer: Answer): Conclusion {
  switch (answer.kind) {
    case 'not sent':
      return { kind: 'failed', why: answer.why };
    case 'broken':
    case 'silent':
      return { kind: 'unknown', why: answer.why };
    case 'answer':
      return concludeAnswered(action, answer.status, answer.body);
  }
}

function concludeAnswered(action: Action, status: number, text: string): Conclusion {
  if (status === 204 && action.kind === 'tombstone') return { kind: 'done' };
  const body = parse(text);
  const why = `${status} ${body.error ?? text.slice(0, 200)}`;
  switch (status) {
    case 200:
    case 201:
      return success(action, body) ?? { kind: 'unexpected', why: `${status} ${text.slice(0, 200)}` };
    case 409:
      if (body.error === 'context_tombstoned') return { kind: 'tombstoned' };
      if (body.error === 'conflict' && body.current_version !== undefined) {
        return { kind: 'conflict', currentVersion: body.current_version };
      }
      return { kind: 'unexpected', why };
    case 400:
      // Another client's compaction came first: the range is one of the past.
      return body.error === 'invalid_up_to_seq' ? { kind: 'failed', why } : { kind: 'unexpected', why };
    case 429:
    case 503:
      return { kind: 'failed', why };
    case 504:
      return { kind: 'unknown', why };
    default:
      return { kind: 'unexpected', why };
  }
}

function success(action: Action, body: WriteBody): Outcome | null {
  switch (action.kind) {
    case 'append': {
      const seqs = body.results?.map(({ seq }) => seq) ?? (body.seq === undefined ? [] : [body.seq]);
      if (body.version === undefined || seqs.length !== action.texts.length) return null;
      return { kind: 'appended', seqs, version: body.version, deduped: body.deduped === true };
    }
    case 'compact':
      return body.version === undefined ? null : { kind: 'compacted', version: body.version };
    case 'revive':
      return { kind: 'done' };
    case 'tombstone':
    case 'read':
      return null;
  }
}

/**
 * What is known of an operation after a further attempt at it. An attempt that may have happened leaves a doubt that a
 * later refusal does not take away: it may have happened in between, or may yet.
 */
export function afterRetry(before: Outcome | null, now: Outcome): Outcome {
  if (before?.kind !== 'unknown') return now;
  return now.kind === 'appended' || now.kind === 'compacted' || now.kind === 'done' ? now : before;
}

/** Whether it is worth another attempt. */
export const isOpen = (outcome: Outcome): boolean => outcome.kind === 'failed' || outcome.kind === 'unknown';

function parse(text: string): WriteBody {
  try {
    return JSON.parse(text) as WriteBody;
  } catch {
    return {};
  }
}
