import { expect, test } from '@jest/globals';
import { metricSum } from '../src/status/metrics.ts';
import { statusLine } from '../src/status/node-status.ts';

const metrics = `# HELP fastpaca_raft_groups Groups by what this node is in them
# TYPE fastpaca_raft_groups gauge
fastpaca_raft_groups{role="leader"} 86
fastpaca_raft_groups{role="follower"} 170
fastpaca_messages_append_total{role="user",source="server"} 5
fastpaca_messages_append_total{role="assistant",source="client"} 7
fastpaca_messages_append_total_other 100
fastpaca_raft_term 3
`;

test('metrics are summed over the label sets that match', () => {
  expect(metricSum(metrics, 'fastpaca_raft_groups', { role: 'leader' })).toBe(86);
  expect(metricSum(metrics, 'fastpaca_messages_append_total')).toBe(12);
  expect(metricSum(metrics, 'fastpaca_messages_append_total', { role: 'user' })).toBe(5);
  expect(metricSum(metrics, 'fastpaca_raft_term')).toBe(3);
  expect(metricSum(metrics, 'fastpaca_absent')).toBe(0);
});

test('a node is one line', () => {
  const status = {
    name: 'n1',
    url: 'http://127.0.0.1:4000',
    state: 'ready',
    leads: 86,
    appendsPerSecond: 1234.4,
  } as const;
  expect(statusLine(status)).toBe('n1  http://127.0.0.1:4000  ready     leads  86 groups   1,234 appends/s');
});
