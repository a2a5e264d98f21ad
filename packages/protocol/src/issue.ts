import type { z } from 'zod';

/** The first thing wrong with a request: which field, and why. */
export interface FieldIssue {
  /** As a client writes it: `message.parts[0].type`. Empty: the value as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** Makes the first issue of a failed parse readable. */
export function fieldIssue(error: z.core.$ZodError): FieldIssue {
  const issue = error.issues[0];
  return issue === undefined
    ? { field: '', reason: 'is invalid' }
    : { field: fieldName(issue.path), reason: reasonOf(issue) };
}

function fieldName(path: readonly PropertyKey[]): string {
  let name = '';
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`;
    else name += name === '' ? String(step) : `.${String(step)}`;
  }
  return name;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is required'
        : `must be ${withArticle(issue.expected)}`;
    case 'too_small':
      return `must ${amount(issue.origin)} ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must ${amount(issue.origin)} ${issue.inclusive === true ? 'at most' : 'less than'} ${issue.maximum}${unit(issue.origin)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    default:
      return issue.message.replace(/^Invalid input: expected /, 'must be ');
  }
}

function amount(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}

function withArticle(type: string): string {
  if (type === 'int') return 'an integer';
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
