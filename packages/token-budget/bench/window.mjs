// npm run build && node bench/window.mjs: what one message costs the window, in the best of many rounds.
import {
  appendToWindow,
  decodeOutline,
  emptyWindow,
  encodeOutline,
  encodeWindowState,
  outlineMessage,
} from '@fastpaca/token-budget';

const budget = { tokens: 1e9, triggerRatio: 0.7 };
const policy = { strategy: 'last_n', limit: 1e9 };
const id = 'toolu_01A09q90qw90lq917835lq9';
const question = { role: 'user', parts: [{ type: 'text', text: 'What is the weather?' }] };
const conversations = {
  text: [question, { role: 'assistant', parts: [{ type: 'text', text: 'It rains. '.repeat(25) }] }],
  tools: [
    question,
    { role: 'assistant', parts: [{ type: 'tool_use', id, input: {} }] },
    { role: 'user', parts: [{ type: 'tool_result', tool_use_id: id, content: 'rain' }] },
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'So.' },
        { type: 'text', text: 'It rains.' },
      ],
    },
  ],
};
const spans = [
  { start: 40, end: 140 },
  { start: 141, end: 280 },
];

function report(name, run) {
  let best = Infinity;
  for (let round = 0; round < 200; round++) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < 1000; i++) run(i);
    best = Math.min(best, Number(process.hrtime.bigint() - started) / 1e6);
  }
  console.log(`${name}: ${best.toFixed(2)} µs`);
}

for (const [name, messages] of Object.entries(conversations)) {
  const inputs = messages.map((message) => ({
    message,
    tokens: { total: 60, parts: message.parts.map(() => 20) },
    spans: spans.slice(0, message.parts.length),
  }));
  const outline = (i) => {
    const input = inputs[i % inputs.length];
    return outlineMessage(input.message, input.tokens, input.spans);
  };
  const encoded = inputs.map((_, i) => encodeOutline(outline(i)));
  let state = emptyWindow();
  const append = (i) => {
    const each = outline(i);
    encodeOutline(each);
    const items = [{ seq: state.lastSeq + 1, outline: each }];
    state = appendToWindow(state, policy, budget, items).state;
  };
  console.log(`${name}: outlines of ${encoded.map(({ length }) => length).join(', ')} bytes`);
  report(`${name}: outline, encode, append`, append);
  report(`${name}: the same after ${state.lastSeq} messages`, append);
  report(`${name}: decode an outline`, (i) => decodeOutline(encoded[i % encoded.length]));
  report(`${name}: encode a state of ${encodeWindowState(state).length} bytes`, () =>
    encodeWindowState(state),
  );
}
