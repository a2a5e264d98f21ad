import { describe, expect, test } from '@jest/globals';
import { StoreError } from '@fastpaca/context-store';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { metadataFilter } from '../../src/contexts/metadata-filter.js';
import { ApiError } from '../../src/errors/api-error.js';
import { errorReply } from '../../src/errors/error-answer.js';
import { joinJson } from '../../src/http/json-list.js';
import { exportRange } from '../../src/messages/message-range.js';
import { matchesTag } from '../../src/window/entity-tag.js';

describe('API keys', () => {
  const keys = new ApiKeys(['first-key', 'second']);
  test.each(['Bearer first-key', 'Bearer second', 'bearer  second'])('%j passes', (header) => {
    expect(keys.accepts(header)).toBe(true);
  });
  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'first-key',
    'Bearer first',
    'Bearer first-key2',
    'Basic first-key',
  ])('%j does not', (header) => {
    expect(keys.accepts(header)).toBe(false);
  });
  test('without keys everything passes', () => {
    expect(new ApiKeys([]).accepts(undefined)).toBe(true);
  });
});

describe('the answer to a failure', () => {
  test('keeps code, message and details of what was refused on purpose', () => {
    const conflict = new StoreError('conflict', 'Context version changed (expected 83, found 84)', {
      details: { current_version: 84 },
    });
    expect(errorReply(conflict)).toEqual({
      status: 409,
      body: {
        error: 'conflict',
        message: 'Context version changed (expected 83, found 84)',
        current_version: 84,
      },
    });
    expect(
      errorReply(new ApiError('invalid_request', 'limit must be an integer', { field: 'limit' })),
    ).toEqual({
      status: 400,
      body: { error: 'invalid_request', message: 'limit must be an integer', field: 'limit' },
    });
  });

  test('tells nothing about the inside of a defect', () => {
    for (const defect of [
      new Error('ENOENT /secret/path'),
      'text',
      null,
      new StoreError('unsupported_command', 'cmd 9'),
    ]) {
      const { status, body } = errorReply(defect);
      expect(status).toBe(500);
      expect(body.message).toBe('The server failed on this request; its log has the details');
    }
  });

  test('names the failures of the HTTP stack by their status', () => {
    const codes = [413, 415, 404, 408, 431, 418].map((statusCode) => {
      return errorReply(Object.assign(new Error('x'), { statusCode })).body.error;
    });
    expect(codes).toEqual([
      'body_too_large',
      'unsupported_media_type',
      'not_found',
      'request_timeout',
      'headers_too_large',
      'invalid_request',
    ]);
  });
});

describe('small parts', () => {
  test('lists are joined as JSON', () => {
    const items = ['{"a":"é"}', '{"b":2}'].map((text) => Buffer.from(text));
    expect(joinJson('[', items, ']').toString()).toBe('[{"a":"é"},{"b":2}]');
    expect(joinJson('[', [], ']').toString()).toBe('[]');
  });

  test('If-None-Match is compared weakly, and may be a list', () => {
    expect(matchesTag('"1-8000"', '"1-8000"')).toBe(true);
    expect(matchesTag('"0-1", W/"1-8000"', '"1-8000"')).toBe(true);
    expect(matchesTag('*', '"1-8000"')).toBe(true);
    expect(matchesTag('"2-8000"', '"1-8000"')).toBe(false);
    expect(matchesTag(undefined, '"1-8000"')).toBe(false);
  });

  test('metadata.KEY=VALUE parameters become a filter; a repeated one is refused', () => {
    expect(metadataFilter({ limit: '1' })).toBeUndefined();
    expect(metadataFilter({ 'metadata.a.b': 'x', 'metadata.': '' })).toEqual({ 'a.b': 'x', '': '' });
    expect(() => metadataFilter({ 'metadata.a': ['1', '2'] })).toThrow('metadata.a must be given once');
    expect(Object.entries(metadataFilter({ 'metadata.__proto__': 'x' }) ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('a cursor begins an export', () => {
    expect(exportRange({})).toEqual({});
    expect(exportRange({ cursor: 5, limit: 2 })).toEqual({ fromSeq: 6 });
    expect(exportRange({ cursor: 5, from_seq: 9, to_seq: 12 })).toEqual({ fromSeq: 9, toSeq: 12 });
    expect(exportRange({ from_seq: -50 })).toEqual({ fromSeq: -50 });
  });
});
