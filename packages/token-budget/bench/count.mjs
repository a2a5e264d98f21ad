// npm run build && npm run bench: what counting costs, in time of the thread. Needs Node 24.
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { createEstimator } from '@fastpaca/token-budget';

const require = createRequire(import.meta.url);
const { Tiktoken } = require('tiktoken/lite');
const encoder = require('tiktoken/encoders/o200k_base.json');

const MIB = 1024 * 1024;

function cpuMs(work) {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** Best of five: the others had the machine to share. */
function best(work) {
  return Math.min(...Array.from({ length: 5 }, () => cpuMs(work)));
}

let state = 42;
function random(below) {
  state = (state * 48271) % 0x7fffffff;
  return state % below;
}

const words = (
  'the window keeps growing until compaction happens and oldest turns fall away please summarise what we decided about ' +
  'pricing deadlines migration billing service yesterday afternoon could you also check invoice Kowalczyk 2024-11-03 ' +
  'because customer says it was charged twice thanks I will look into that now'
).split(' ');

function message(bytes) {
  let text = '';
  while (text.length < bytes) text += `${words[random(words.length)]}${random(9) === 0 ? '. ' : ' '}`;
  return text.slice(0, bytes);
}

const loading = cpuMs(() => createEstimator('tiktoken:o200k_base'));
const estimator = createEstimator('tiktoken:o200k_base');
const one = message(256);
const many = Array.from({ length: 20_000 }, () => message(256));
// Names that no vocabulary holds: every word is merged byte by byte.
const strange = many.map((text) => text.replaceAll(/[a-z]{3}/g, () => 'qxz'[random(3)] + 'wvj'[random(3)]));
const parts = many.map((text) => ({ role: 'user', parts: [{ type: 'text', text }] }));
const tiktoken = new Tiktoken(encoder.bpe_ranks, {}, encoder.pat_str);
const letters = Array.from({ length: MIB }, () => String.fromCharCode(97 + random(26))).join('');
const base64 = Buffer.from(Uint8Array.from({ length: (MIB / 4) * 3 }, () => random(256))).toString('base64');
const perMessage = (count) => best(() => many.forEach(count)) / (many.length / 1000);

const rows = [
  ['load o200k_base', loading, 'ms'],
  [
    '256-byte message, the same one again',
    best(() => many.forEach(() => estimator.countText(one))) / 20,
    'µs',
  ],
  ['256-byte message, all different', perMessage((text) => estimator.countText(text)), 'µs'],
  [
    '256 bytes of words no vocabulary holds',
    best(() => strange.forEach((text) => estimator.countText(text))) / 20,
    'µs',
  ],
  [
    'countMessage, one text part of 256 bytes',
    best(() => parts.forEach((it) => estimator.countMessage(it))) / 20,
    'µs',
  ],
  [
    '  tiktoken 1.0.22 WASM, 256 bytes, all different',
    perMessage((text) => tiktoken.encode_ordinary(text)),
    'µs',
  ],
  ['1 MiB of prose', best(() => estimator.countText(message(MIB))), 'ms'],
  ['1 MiB of base64', best(() => estimator.countText(base64)), 'ms'],
  ['1 MiB of random letters in one word', best(() => estimator.countText(letters)), 'ms'],
  ['1 MiB of spaces', best(() => estimator.countText(' '.repeat(MIB))), 'ms'],
];
for (const [what, value, unit] of rows)
  console.log(`${what.padEnd(50)} ${value.toFixed(1).padStart(8)} ${unit}`);
await estimator.close();
