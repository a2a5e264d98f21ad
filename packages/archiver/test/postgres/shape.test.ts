import { expect, test } from '@jest/globals';
import { shapeProblem, type Column } from '../../src/postgres/check-shape.js';

const column = (name: string, type: string, key: number | null = null): Column => ({
  name,
  type,
  optional: false,
  key_place: key,
});
const good = [
  column('context_id', 'text', 1),
  column('seq', 'bigint', 2),
  column('role', 'text'),
  column('parts', 'jsonb'),
  column('metadata', 'jsonb'),
  column('token_count', 'integer'),
  column('inserted_at', 'timestamp with time zone'),
];

test('the documented shape has no problem, nor have more columns that a row can do without', () => {
  expect(shapeProblem(good)).toBeNull();
  expect(shapeProblem([...good, { ...column('reviewed', 'boolean'), optional: true }])).toBeNull();
});

test.each([
  [good.slice(0, 6), 'column inserted_at (timestamp with time zone) is missing'],
  [good.with(3, column('parts', 'json')), 'column parts is json and must be jsonb'],
  [[...good, column('tenant', 'uuid')], 'column tenant takes no row without a value'],
  [
    good.with(1, column('seq', 'bigint')),
    'the primary key must be (context_id, seq), and it is (context_id)',
  ],
  [good.map((each) => ({ ...each, key_place: null })), 'and it has none'],
])('a problem names the column', (columns, problem) => {
  expect(shapeProblem(columns)).toContain(problem);
});
