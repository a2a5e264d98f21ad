import { sendAppend } from './crash-client.js';
import type { Acknowledgement, CrashLog } from './crash-log.js';

interface StoredMessage {
  readonly seq: number;
  readonly parts: readonly { readonly text: string }[];
}

interface StoredContext {
  readonly version: number;
  readonly last_seq: number;
}

/**
 * Holds a restarted server to everything that clients were told, and returns each broken promise in
 * words. No client may be appending meanwhile.
 */
export async function brokenPromises(
  url: string,
  contexts: readonly string[],
  log: CrashLog,
): Promise<string[]> {
  const checks = contexts.map((context) => brokenPromisesOf(url, context, log));
  return (await Promise.all(checks)).flat();
}

async function brokenPromisesOf(url: string, context: string, log: CrashLog): Promise<string[]> {
  const messages = await readAll(url, context);
  const { version, last_seq: lastSeq } = await readJson<StoredContext>(`${url}/v1/contexts/${context}`);
  const texts = messages.map(({ parts }) => parts[0]?.text ?? '');
  const problems: string[] = [];
  for (const [index, { seq }] of messages.entries()) {
    if (seq !== index + 1) problems.push(`seq ${String(seq)} stands where ${String(index + 1)} belongs`);
  }
  if (lastSeq !== messages.length) {
    problems.push(`last_seq is ${String(lastSeq)} with ${String(messages.length)} messages`);
  }
  for (const text of repeated(texts)) problems.push(`"${text}" is there twice`);
  problems.push(...lostAcknowledgements(texts, context, log), ...tornBatches(texts, context, log));
  if (version < log.highestVersion(context)) {
    problems.push(`version went back to ${String(version)} from ${String(log.highestVersion(context))}`);
  }
  problems.push(...(await windowProblems(url, context, version, messages.length)));
  log.sawVersion(context, version);
  return problems.map((problem) => `${context}: ${problem}`);
}

/** Sends acknowledged appends again: each must give the answer it gave, and write nothing. */
export async function brokenReplays(url: string, sample: readonly Acknowledgement[]): Promise<string[]> {
  const broken: string[] = [];
  for (const { append, seqs, version } of sample) {
    const answer = await sendAppend(url, append);
    const again = answer?.results?.map(({ seq }) => seq) ?? [answer?.seq ?? 0];
    if (answer?.deduped !== true || answer.version !== version || String(again) !== String(seqs)) {
      broken.push(`a retry of seq ${String(seqs)} in ${append.context} answered ${JSON.stringify(answer)}`);
    }
  }
  return broken;
}

function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  return texts.filter((text) => seen.size === seen.add(text).size);
}

function lostAcknowledgements(texts: readonly string[], context: string, log: CrashLog): string[] {
  const problems: string[] = [];
  const own = log.acknowledged.filter(({ append }) => append.context === context);
  for (const { append, seqs } of own) {
    for (const [index, text] of append.texts.entries()) {
      const found = texts[(seqs[index] ?? 0) - 1];
      if (found !== text)
        problems.push(`acknowledged seq ${String(seqs[index])} is ${found ?? 'gone'}, not "${text}"`);
    }
  }
  const inOrder = own.toSorted((a, b) => (a.seqs[0] ?? 0) - (b.seqs[0] ?? 0));
  for (const [index, { version, seqs }] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before !== undefined && before.version >= version) {
      problems.push(`seq ${String(seqs[0])} has version ${String(version)}, no more than an earlier seq`);
    }
  }
  return problems;
}

/** A batch whose answer was lost is there as a whole, in order and in one piece, or not at all. */
function tornBatches(texts: readonly string[], context: string, log: CrashLog): string[] {
  return log.uncertain
    .filter((append) => append.context === context)
    .filter((append) => {
      const at = texts.indexOf(append.texts[0] ?? '');
      const present = at === -1 ? append.texts.filter((text) => texts.includes(text)) : append.texts;
      return at === -1 ? present.length > 0 : append.texts.some((text, index) => texts[at + index] !== text);
    })
    .map((append) => `the batch of "${append.texts[0] ?? ''}" is there in part`);
}

async function windowProblems(
  url: string,
  context: string,
  version: number,
  count: number,
): Promise<string[]> {
  const window = await readJson<{ version: number; used_tokens: number; messages: StoredMessage[] }>(
    `${url}/v1/contexts/${context}/context`,
  );
  const problems: string[] = [];
  if (window.version !== version) problems.push(`its window has version ${String(window.version)}`);
  if (count > 0 && window.messages.at(-1)?.seq !== count)
    problems.push('its window lacks the newest message');
  return problems;
}

async function readAll(url: string, context: string): Promise<StoredMessage[]> {
  const response = await fetch(`${url}/v1/contexts/${context}/messages`, {
    headers: { accept: 'application/x-ndjson' },
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${context} cannot be read: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StoredMessage);
}

async function readJson<T>(address: string): Promise<T> {
  const response = await fetch(address);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${address} answered ${String(response.status)}: ${text}`);
  return JSON.parse(text) as T;
}
