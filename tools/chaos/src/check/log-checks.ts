import type { Operation, Violation } from '../history/operation.ts';
import type { FinalLog } from './linearizable.ts';

/**
 * The log at the end against what clients were told: every acknowledged message is at its seq, nothing stands twice,
 * what was refused is absent, a batch is there as a whole or not at all, and nobody's text is in it.
 */
export function checkLog(context: string, operations: readonly Operation[], log: FinalLog): Violation[] {
  const broken = (check: string, message: string): Violation => ({ check, context, message });
  const violations: Violation[] = [];
  const seqOf = new Map<string, number>();
  for (const [index, text] of log.entries()) {
    const before = seqOf.get(text);
    if (before !== undefined) {
      violations.push(broken('nothing doubled', `"${text}" is seq ${before} and again seq ${index + 1}`));
    } else seqOf.set(text, index + 1);
  }
  const sent = new Set<string>();
  for (const { action, outcome } of operations) {
    if (action.kind !== 'append') continue;
    for (const text of action.texts) sent.add(text);
    const found = action.texts.map((text) => seqOf.get(text));
    const present = found.filter((seq) => seq !== undefined);
    const named = `"${action.texts[0] ?? ''}"`;
    switch (outcome.kind) {
      case 'appended':
        for (const [index, text] of action.texts.entries()) {
          const seq = outcome.seqs[index];
          if (found[index] === seq && seq !== undefined) continue;
          const where = found[index] === undefined ? 'is not in the log' : `is seq ${found[index]}`;
          violations.push(
            broken('nothing acknowledged lost', `"${text}" was acknowledged as seq ${seq}, but ${where}`),
          );
        }
        break;
      case 'unknown':
        if (present.length > 0 && !isRun(found)) {
          violations.push(broken('batches whole', `the batch of ${named} is there in part or out of order`));
        }
        break;
      case 'failed':
      case 'conflict':
      case 'tombstoned':
        if (present.length > 0) {
          const answer = outcome.kind === 'failed' ? outcome.why : outcome.kind;
          violations.push(
            broken('refused means never', `${named} was refused (${answer}), but is in the log`),
          );
        }
        break;
      case 'compacted':
      case 'done':
      case 'seen':
        violations.push(broken('answers', `the append of ${named} was answered as ${outcome.kind}`));
        break;
    }
  }
  for (const [text, seq] of seqOf) {
    if (!sent.has(text)) violations.push(broken('no phantoms', `seq ${seq} is "${text}", which nobody sent`));
  }
  return violations;
}

const isRun = (seqs: readonly (number | undefined)[]): boolean =>
  seqs.every((seq, index) => seq !== undefined && seq === (seqs[0] ?? 0) + index);

/** 1, 2, 3, … without a hole, and as many as the context says. */
export function checkSequence(context: string, seqs: readonly number[], lastSeq: number): Violation[] {
  const broken = (message: string): Violation => ({ check: 'seq without hole', context, message });
  const at = seqs.findIndex((seq, index) => seq !== index + 1);
  const violations = at === -1 ? [] : [broken(`seq ${seqs[at]} stands where ${at + 1} belongs`)];
  if (lastSeq !== seqs.length) {
    violations.push(broken(`last_seq is ${lastSeq}, the log has ${seqs.length} messages`));
  }
  return violations;
}

/** Whatever an answer, a read or a frame has ever shown is in the log. */
export function checkObserved(
  context: string,
  observed: ReadonlyMap<number, string>,
  log: FinalLog,
): Violation[] {
  const violations: Violation[] = [];
  for (const [seq, text] of observed) {
    if (log[seq - 1] === text) continue;
    const message = `seq ${seq} was shown as "${text}", at the end it is ${JSON.stringify(log[seq - 1] ?? null)}`;
    violations.push({ check: 'what was read stays', context, message });
  }
  return violations;
}
