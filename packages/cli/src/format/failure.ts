import {
  ConflictError,
  ConnectionError,
  FastpacaError,
  NotFoundError,
  OutcomeUnknownError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
} from '@fastpaca/fastpaca';

/** One line: what went wrong, and what to do. */
export function failureLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  return oneLine(advice === null ? message : `${message.replace(/\.$/, '')}. ${advice}`);
}

/** The same for `--json`. */
export function failureJson(error: unknown): string {
  const code = error instanceof FastpacaError ? error.code : 'error';
  return JSON.stringify({
    error: code,
    message: oneLine(error instanceof Error ? error.message : String(error)),
  });
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

function adviceFor(error: unknown): string | null {
  if (error instanceof ConnectionError)
    return 'Is the server running there? Name it with --url or FASTPACA_URL.';
  if (error instanceof UnauthorizedError) return 'Give the key with --api-key or FASTPACA_API_KEY.';
  if (error instanceof ConflictError) return 'Read the context again and repeat with its version.';
  if (error instanceof OutcomeUnknownError) return 'Look before you repeat it.';
  if (error instanceof UnavailableError || error instanceof TimeoutError) return 'Try again in a moment.';
  if (error instanceof NotFoundError && error.code === 'not_found') {
    return 'This server does not serve it: an older version, or turned off there.';
  }
  return null;
}
