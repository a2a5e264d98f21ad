import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import {
  type ErrorCode,
  type Operation,
  type OperationName,
  clusterErrors,
  commonErrors,
  errorAnswer,
  errorCodes,
  operations,
} from '@fastpaca/protocol';
import { schemaOf } from './json-schema.js';

/** What is still to be described. */
const waiting: (() => void)[] = [];

/**
 * Describes a handler from the table of operations: the same zod schemas that check the request make
 * its OpenAPI entry. They do so when `describeAll` asks: no request needs it, and at the start it would be a twentieth of it.
 */
export function Described(name: OperationName): MethodDecorator {
  return (target, key, descriptor) => {
    waiting.push(() => descriptionOf(name, operations[name])(target, key, descriptor));
  };
}

/** Describes all handlers that are marked so far. */
export function describeAll(): void {
  for (const describe of waiting.splice(0)) describe();
}

function descriptionOf(name: OperationName, operation: Operation) {
  return applyDecorators(
    ApiTags(tagOf(operation.path)),
    ApiOperation({
      operationId: name,
      summary: operation.summary,
      ...(operation.details === undefined ? {} : { description: operation.details }),
    }),
    ...parameters(operation),
    ...answers(operation),
    ...failures(operation),
  );
}

function tagOf(path: string): string {
  if (path.startsWith('/health')) return 'health';
  if (path.startsWith('/v1/cluster')) return 'cluster';
  if (path.startsWith('/v1/admin')) return 'admin';
  if (/\/(messages|tail|stream)$/.test(path)) return 'messages';
  return /\/(context|compact)$/.test(path) ? 'window' : 'contexts';
}

function parameters(operation: Operation): MethodDecorator[] {
  const decorators: MethodDecorator[] = [];
  if (operation.path.includes('{id}')) {
    const schema = { type: 'string', pattern: '^[A-Za-z0-9._:@-]{1,256}$' };
    decorators.push(ApiParam({ name: 'id', description: 'Id of the context', schema }));
  }
  if (operation.path.includes('{name}')) {
    const schema = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' };
    decorators.push(ApiParam({ name: 'name', description: 'Name of the node', schema }));
  }
  for (const [name, schema] of Object.entries(operation.query?.shape ?? {})) {
    const { description, ...rest } = schemaOf(schema, 'input');
    decorators.push(
      ApiQuery({ name, required: false, schema: rest, ...(description ? { description } : {}) }),
    );
  }
  for (const [name, description] of Object.entries(operation.headers ?? {})) {
    decorators.push(ApiHeader({ name, description, required: false }));
  }
  if (operation.bodyAs !== undefined) decorators.push(ApiConsumes(operation.bodyAs));
  if (operation.body !== undefined) decorators.push(ApiBody({ schema: schemaOf(operation.body, 'input') }));
  return decorators;
}

function answers(operation: Operation): MethodDecorator[] {
  return Object.entries(operation.answers).map(([status, answer]) => {
    const schema = answer.schema && schemaOf(answer.schema, 'output');
    const content = {
      ...(schema ? { [answer.as ?? 'application/json']: { schema } } : {}),
      ...(answer.also === undefined ? {} : { [answer.also]: { schema: { type: 'string' } } }),
    };
    return ApiResponse({
      status: Number(status),
      description: answer.description,
      ...(schema ? { content } : {}),
    });
  });
}

function commonErrorsOf(path: string): readonly ErrorCode[] {
  if (path.startsWith('/health')) return [];
  return path.startsWith('/v1/cluster') ? clusterErrors : commonErrors;
}

/** One entry per status; its description names the codes. */
function failures(operation: Operation): MethodDecorator[] {
  const codes: ErrorCode[] = [...commonErrorsOf(operation.path), ...operation.errors];
  const byStatus = Map.groupBy(new Set(codes), (code) => errorCodes[code].status);
  const content = { 'application/json': { schema: schemaOf(errorAnswer, 'output') } };
  return [...byStatus].map(([status, list]) =>
    ApiResponse({ status, description: list.join(', '), content }),
  );
}
