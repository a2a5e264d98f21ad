import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process with its output in a file, so that reading it costs the client nothing. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended, with its exit code (null after a signal). */
  readonly exited: Promise<number | null>;
}

const running = new Set<ChildProcess>();

// Whatever way this process ends, no server is left behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function spawnNode(args: readonly string[], env: Record<string, string>, logFile: string): Child {
  return spawnProcess(process.execPath, args, env, logFile);
}

export function spawnProcess(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  logFile: string,
): Child {
  const output = openSync(logFile, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  if (child.pid === undefined) throw new Error(`could not start ${command} ${args.join(' ')}`);
  running.add(child);
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return { process: child, pid: child.pid, logFile, exited };
}

/** Asks the process to end and waits; kills it after `deadlineMs`. Returns whether it ended by itself. */
export async function stopChild(child: Child, deadlineMs = 20_000): Promise<boolean> {
  child.process.kill('SIGTERM');
  const timer = new AbortController();
  const ended = await Promise.race([
    child.exited.then(() => true),
    sleep(deadlineMs, false, { signal: timer.signal }).catch(() => true),
  ]);
  timer.abort();
  if (!ended) {
    child.process.kill('SIGKILL');
    await child.exited;
  }
  return ended;
}

/** Milliseconds until `GET` of its health answers 200. Fails early, with the log, if the process ends. */
export async function waitUntilReady(
  port: number,
  child: Child,
  { path = '/health/ready', deadlineMs = 120_000 } = {},
): Promise<number> {
  const from = performance.now();
  let exit: number | null | undefined;
  void child.exited.then((code) => (exit = code));
  let listening = false;
  while (performance.now() - from < deadlineMs) {
    if (exit !== undefined) {
      throw new Error(`the server ended with code ${String(exit)} before it was ready:\n${logTail(child)}`);
    }
    // A request that is refused costs much more than a connection, and takes the cores from what starts.
    listening ||= await takesConnections(port);
    const answer = listening
      ? await fetch(`http://127.0.0.1:${String(port)}${path}`).catch(() => undefined)
      : undefined;
    await answer?.arrayBuffer();
    if (answer?.status === 200) return performance.now() - from;
    await sleep(5);
  }
  throw new Error(`the server was not ready within ${String(deadlineMs / 1_000)} s:\n${logTail(child)}`);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => {
      resolve(false);
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

export function logTail(child: Child): string {
  return readFileSync(child.logFile, 'utf8').slice(-2_000);
}

/** A TCP port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Different ones: all are taken before the first is let go. */
export async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => {
    const address = probe.address();
    if (typeof address !== 'object' || address === null) throw new Error('no free port');
    return address.port;
  });
  for (const probe of probes) probe.close();
  await Promise.all(probes.map((probe) => once(probe, 'close')));
  return ports;
}
