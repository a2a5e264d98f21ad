import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly at: number;
}

export type Step = (response: ServerResponse, request: SeenRequest) => void;

/** A node that answers what the test tells it to, over a real socket; the last step repeats. */
export class ScriptedNode {
  readonly seen: SeenRequest[] = [];

  private readonly server: Server;
  private readonly steps: readonly Step[];

  private constructor(server: Server, steps: readonly Step[]) {
    this.server = server;
    this.steps = steps;
  }

  static async start(...steps: readonly Step[]): Promise<ScriptedNode> {
    const server = createServer();
    const node = new ScriptedNode(server, steps);
    server.on('request', (request, response) => void node.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString(), at: performance.now() };
    const step = this.steps[Math.min(this.seen.length, this.steps.length - 1)];
    this.seen.push(seen);
    step?.(response, seen);
  }
}

/** A complete JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An error of the store. */
export function error(status: number, code: string, headers: Record<string, string> = {}): Step {
  return json(status, { error: code, message: `message of ${code}` }, headers);
}

/** The connection breaks before any answer. */
export const hangUp: Step = (response) => {
  response.destroy();
};

/** No answer, ever. */
export const silence: Step = () => undefined;
