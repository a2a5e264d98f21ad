import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Operation, commonErrors, errorCodes, operations } from '../src/index.js';

const all: readonly (readonly [string, Operation])[] = Object.entries(operations);

describe('the table of operations', () => {
  test.each(all)(
    '%s becomes JSON Schema: nothing in it lacks a description of its type',
    (_name, operation) => {
      const schemas = [
        operation.body,
        operation.query,
        ...Object.values(operation.answers).map((a) => a.schema),
      ];
      for (const schema of schemas) {
        if (schema === undefined) continue;
        const json = JSON.stringify(
          z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' }),
        );
        expect(json).toContain('"type"');
        expect(json).not.toContain(':{}');
      }
    },
  );

  test('every error code is answered by some operation or belongs to all of them', () => {
    const edge = [
      'not_found',
      'forbidden',
      'request_timeout',
      'uri_too_long',
      'headers_too_large',
      'unsupported_command',
      'invalid_version',
    ];
    const named = new Set<string>([
      ...commonErrors,
      ...edge,
      ...all.flatMap(([, operation]) => operation.errors),
    ]);
    expect(Object.keys(errorCodes).filter((code) => !named.has(code))).toEqual([]);
  });

  test('codes are snake_case and statuses are errors', () => {
    for (const [code, entry] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(entry.status).toBeGreaterThanOrEqual(400);
      expect(entry.meaning).not.toBe('');
      expect(entry.remedy).not.toBe('');
    }
  });
});
