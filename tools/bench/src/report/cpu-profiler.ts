/** What V8's sampling profiler returns (Profiler.Profile of the DevTools protocol). */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

interface Reply {
  id?: number;
  result?: { profile?: CpuProfile };
  error?: { message: string };
}

const SAMPLING_INTERVAL_US = 500;

/**
 * Profiles the main thread of a server that runs with `--inspect`, exactly while the load is measured:
 * `--cpu-prof` would mix in start-up and warm-up, which outweigh a short run.
 */
export class CpuProfiler {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id === undefined) return;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  static async attach(inspectorPort: number): Promise<CpuProfiler> {
    const response = await fetch(`http://127.0.0.1:${String(inspectorPort)}/json/list`);
    const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
    if (target === undefined) throw new Error('the server offers no inspector');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => {
        reject(new Error('the inspector of the server refused the connection'));
      });
    });
    return new CpuProfiler(socket);
  }

  async start(): Promise<void> {
    await this.#call('Profiler.enable');
    await this.#call('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
    await this.#call('Profiler.start');
  }

  async stop(): Promise<CpuProfile> {
    const { profile } = await this.#call('Profiler.stop');
    await this.#call('Profiler.disable');
    this.#socket.close();
    if (profile === undefined) throw new Error('the inspector returned no profile');
    return profile;
  }

  async #call(method: string, params: object = {}): Promise<{ profile?: CpuProfile }> {
    this.#calls += 1;
    const id = this.#calls;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  }
}
