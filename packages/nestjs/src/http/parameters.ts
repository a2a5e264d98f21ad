import { createParamDecorator } from '@nestjs/common';
import { fieldIssue, isContextId } from '@fastpaca/protocol';
import type { z } from 'zod';
import { JsonBody } from '../body/json-body.js';
import { ApiError, invalidField } from '../errors/api-error.js';
import { bodyBytes, type HttpRequest } from './exchange.js';

/** A body that fits its schema. `json` has the text of its messages. */
export interface ValidBody<T> {
  readonly value: T;
  readonly json: JsonBody;
}

/**
 * Parameter decorators instead of pipes: Nest calls them synchronously, so a request waits for no
 * promise before its handler.
 *
 * The id in the path, after percent-decoding.
 */
export const ContextId = createParamDecorator((_data: unknown, context) => {
  const { id } = context.switchToHttp().getRequest<HttpRequest>().params;
  if (id !== undefined && isContextId(id)) return id;
  throw new ApiError(
    'invalid_context_id',
    'A context id is 1 to 256 characters of A-Z a-z 0-9 . _ : @ - (after percent-decoding)',
    { field: 'id' },
  );
});

/** The query string, checked against its schema. */
export function QueryOf(schema: z.ZodType): ParameterDecorator {
  return parameter((request) => {
    const result = schema.safeParse(request.query);
    if (result.success) return result.data;
    const { field, reason } = fieldIssue(result.error);
    throw invalidField('The query string', field, reason);
  });
}

/** The JSON body, checked against its schema: a {@link ValidBody}. */
export function BodyOf(schema: z.ZodType): ParameterDecorator {
  return parameter((request) => readBody(schema, bodyBytes(request)));
}

/** Like {@link BodyOf}; no body at all stands for `{}`. */
export function OptionalBodyOf(schema: z.ZodType): ParameterDecorator {
  return parameter((request) => {
    const bytes = bodyBytes(request);
    return readBody(schema, bytes.length === 0 ? Buffer.from('{}') : bytes);
  });
}

/**
 * The schema is in the closure, not in the decorator's data: Nest takes data with a `transform` method
 * for a pipe, and every zod schema has one.
 */
function parameter(read: (request: HttpRequest) => unknown): ParameterDecorator {
  return createParamDecorator((_data: unknown, context) => read(context.switchToHttp().getRequest()))();
}

function readBody<T>(schema: z.ZodType<T>, bytes: Buffer): ValidBody<T> {
  const json = JsonBody.read(bytes);
  const result = schema.safeParse(json.value);
  if (result.success) return { value: result.data, json };
  const { field, reason } = fieldIssue(result.error);
  throw invalidField('The body', field, reason);
}
