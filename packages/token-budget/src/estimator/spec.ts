import type { EncodingName } from './bpe/vocabulary.js';
import { EstimatorError } from './errors.js';
import { KNOWN_NAMES, encodingOf } from './models.js';

/** A parsed estimator spec. */
export type EstimatorSpec =
  | { readonly kind: 'tiktoken'; readonly encoding: EncodingName; readonly factor: number }
  | { readonly kind: 'chars'; readonly charactersPerToken: number; readonly factor: number };

const FORMS = '`tiktoken:MODEL`, `tiktoken:ENCODING` or `chars:N`, each with an optional `*FACTOR`';

/** @throws EstimatorError `unknown_estimator`, `invalid_estimator` */
export function parseSpec(spec: string): EstimatorSpec {
  const [body = '', ...factors] = spec.split('*');
  if (factors.length > 1) {
    throw new EstimatorError('invalid_estimator', `"${spec}" has more than one factor. Write ${FORMS}.`);
  }
  const factor = factors[0] === undefined ? 1 : numberIn(factors[0], spec, 'factor', 0.01, 100);
  const colon = body.indexOf(':');
  const kind = body.slice(0, Math.max(0, colon));
  const argument = body.slice(colon + 1);
  if (kind === 'chars') {
    return { kind, charactersPerToken: numberIn(argument, spec, 'characters per token', 1, 1000), factor };
  }
  if (kind !== 'tiktoken') {
    throw new EstimatorError('unknown_estimator', `"${spec}" is no token estimator. Write ${FORMS}.`);
  }
  const encoding = encodingOf(argument);
  if (encoding === null) {
    throw new EstimatorError(
      'unknown_estimator',
      `"${argument}" is no model or encoding that tiktoken knows. Known are ${KNOWN_NAMES.join(', ')}; ` +
        'for any other model write chars:N, or an encoding with a factor such as tiktoken:o200k_base*1.1.',
    );
  }
  return { kind, encoding, factor };
}

/** Bounded, so that no spec makes of one message more tokens than the window's counters hold. */
function numberIn(text: string, spec: string, what: string, least: number, most: number): number {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new EstimatorError(
    'invalid_estimator',
    `The ${what} of "${spec}" must be a number from ${least} to ${most}, such as ${what === 'factor' ? '1.1' : '4'}.`,
  );
}
