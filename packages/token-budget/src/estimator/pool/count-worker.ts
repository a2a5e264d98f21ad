import { encodingNamed } from '../bpe/encoding.js';
import type { EncodingName } from '../bpe/vocabulary.js';

/** What a worker of `TextPool` is asked. */
export interface CountTask {
  readonly encoding: EncodingName;
  readonly texts: readonly string[];
}

/** Runs on a worker thread: tokens of each text. */
export default function count(task: CountTask): number[] {
  const encoding = encodingNamed(task.encoding);
  return task.texts.map((text) => encoding.count(text));
}
