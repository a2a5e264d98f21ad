import type { PartOutline } from '@fastpaca/token-budget';

const comma = 0x2c;

/** The JSON of a message: `{"seq":N,` and the body. A copy, in bytes that `allocate` gives. */
export function messageJson(
  seq: number | null,
  body: Uint8Array,
  allocate: (length: number) => Buffer = Buffer.allocUnsafe,
): Uint8Array {
  const head = `{"seq":${seq ?? 'null'},`;
  const json = allocate(head.length + body.length);
  json.write(head, 0, 'latin1');
  json.set(body, head.length);
  return json;
}

/**
 * A message's JSON with only some of its parts: ranges are copied, nothing is parsed. The spans of
 * `parts` count from `bodyAt`.
 */
export function withParts(
  json: Uint8Array,
  bodyAt: number,
  parts: readonly PartOutline[],
  kept: readonly number[],
): Uint8Array {
  const first = parts[0];
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return json;
  const spans = kept.flatMap((index) => parts[index] ?? []);
  const partBytes = spans.reduce((sum, span) => sum + span.end - span.start, 0);
  const removed = last.end - first.start - partBytes - Math.max(0, spans.length - 1);
  const cut = Buffer.allocUnsafe(json.length - removed);
  let at = 0;
  const copy = (from: number, to: number): void => {
    cut.set(json.subarray(from, to), at);
    at += to - from;
  };
  copy(0, bodyAt + first.start);
  for (const [position, span] of spans.entries()) {
    if (position > 0) cut[at++] = comma;
    copy(bodyAt + span.start, bodyAt + span.end);
  }
  copy(bodyAt + last.end, json.length);
  return cut;
}
