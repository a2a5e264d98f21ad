import { describe, expect, test } from '@jest/globals';
import { credentialsOf, withoutToken } from '../../src/auth/credentials.js';

describe('credentials', () => {
  test.each([
    ['/v1/contexts/a/stream?access_token=k%2B1', {}, 'Bearer k+1'],
    ['/v1/contexts/a/stream?cursor=1&access_token=k', {}, 'Bearer k'],
    ['/shop/v1/contexts/a/stream?access_token=k', {}, 'Bearer k'],
    ['/v1/contexts/a/stream?access_token=k', { authorization: 'Bearer header' }, 'Bearer header'],
    ['/v1/contexts/a/stream', {}, undefined],
    ['/v1/contexts/a?access_token=k', {}, undefined],
    ['/v1/contexts/a/messages?x=/v1/contexts/a/stream?access_token=k', {}, undefined],
    ['/v1/contexts/a/streams?access_token=k', {}, undefined],
  ])('of %s with %j are %s', (url, headers, expected) => {
    expect(credentialsOf({ url, headers })).toBe(expected);
  });

  test('in a URL are not for a log', () => {
    expect(withoutToken('/v1/contexts/a/stream?cursor=1&access_token=secret&include_messages=false')).toBe(
      '/v1/contexts/a/stream?cursor=1&access_token=***&include_messages=false',
    );
  });
});
