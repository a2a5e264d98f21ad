import { jestExpect } from '@jest/expect';

// What `@jest/globals` stands for. Each test file has a `test` of its own, and a module of helpers that several use must
// reach the one of the file that runs.
const current = (name) =>
  new Proxy(() => undefined, {
    apply: (_target, _this, args) => globalThis[name](...args),
    get: (_target, key) => globalThis[name][key],
  });

export const expect = jestExpect;
export const [describe, test, it] = ['describe', 'test', 'it'].map(current);
export const [beforeAll, afterAll, beforeEach, afterEach] = [
  'beforeAll',
  'afterAll',
  'beforeEach',
  'afterEach',
].map(current);
