import { SingleBar } from 'cli-progress';
import { bytesText } from '../format/numbers.js';
import type { Io } from '../io.js';

/** How far a long work is. Only where a person sees it: on a terminal, on stderr. */
export interface Progress {
  /** Adds to what is done. */
  add(bytes: number): void;
  stop(): void;
}

const silent: Progress = { add: () => undefined, stop: () => undefined };

/** @param total bytes of the whole work; null where nobody knows */
export function progress(io: Io, label: string, total: number | null): Progress {
  if (io.stderr.isTTY !== true) return silent;
  const format =
    total === null ? `${label}  {done}` : `${label}  {bar}  {percentage}%  {done}  {eta_formatted}`;
  const bar = new SingleBar({ format, stream: io.stderr as NodeJS.WritableStream, hideCursor: true, fps: 5 });
  let done = 0;
  bar.start(total ?? 0, 0, { done: bytesText(0) });
  return {
    add: (bytes) => {
      done += bytes;
      bar.update(done, { done: bytesText(done) });
    },
    stop: () => {
      bar.stop();
    },
  };
}
