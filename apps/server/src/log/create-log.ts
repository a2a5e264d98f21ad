import { type DestinationStream, type Logger, destination, pino, stdTimeFunctions } from 'pino';

/**
 * JSON lines on standard output. Written without blocking: lines that come while one is being written
 * go out together. What is left at exit is flushed by pino.
 */
export function createLog(
  level: string,
  node: string,
  stream: DestinationStream = destination({ dest: 1, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: { node },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}
