// CPU time that an append costs in this package alone, on the main thread: a key space that is a Map,
// an estimator that is a constant, no log, no disk.
//   npx tsc -b tsconfig.build.json && node test/measure/own-cost.mjs
import { Buffer } from 'node:buffer';

import { ContextCache } from '../../dist/cache/context-cache.js';
import { appendCommand, putCommand } from '../../dist/command/build-command.js';
import { encodeCommand } from '../../dist/command/command-codec.js';
import { prepareMessages } from '../../dist/message/prepare-messages.js';
import { GroupMachine } from '../../dist/state/group-machine.js';

const contexts = 256;
const appends = 60_000;
const map = new Map();
const name = (key) => Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
const space = {
  get: (key) => map.get(name(key)),
  durableToken: () => 1,
  stage(ops) {
    for (const op of ops) if (op.type === 'put') map.set(name(op.key), op.value);
    return 1;
  },
};
const machine = new GroupMachine(space, new ContextCache(64 << 20), () => {});
await machine.open();
let index = 0;
const apply = (data) => machine.apply([{ index: ++index, term: 1, data }]);
for (let n = 0; n < contexts; n += 1) apply(encodeCommand(putCommand(`context-${n}`, 1, {})));

const estimator = { countMessage: () => ({ total: 63, parts: [60] }) };
const parts = [{ type: 'text', text: 'the quick brown fox jumps '.repeat(10).slice(0, 256) }];
const source = { parts: [JSON.stringify(parts[0])] };
const micros = ({ user, system }) => ((user + system) / appends).toFixed(1);

for (let round = 0; round < 3; round += 1) {
  const commands = [];
  const before = process.threadCpuUsage();
  for (let n = 0; n < appends; n += 1) {
    const messages = [{ role: n % 512 < 256 ? 'user' : 'assistant', parts, source }];
    const prepared = await prepareMessages(messages, estimator, Date.now());
    commands.push(encodeCommand(appendCommand(`context-${n % contexts}`, 1, messages, prepared, {})));
  }
  const gatewayMicros = micros(process.threadCpuUsage(before));
  const between = process.threadCpuUsage();
  for (const data of commands) apply(data);
  console.log(JSON.stringify({ gatewayMicros, applyMicros: micros(process.threadCpuUsage(between)) }));
}
