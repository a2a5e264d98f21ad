import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContextStore, type MessageInput } from '@fastpaca/context-store';
import {
  CONTEXT_STORE,
  ContextStoreAdapter,
  ContextStoreModule,
  Metrics,
  type StreamSettings,
  serveStreams,
} from '@fastpaca/nestjs';
import { createEstimator } from '@fastpaca/token-budget';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** The module on a random port, with the store beside it. */
export interface StreamServer {
  readonly url: string;
  readonly store: ContextStore;
  readonly http: Server;
  /** The value of a series, 0 where it is not there yet. */
  metric(series: string): Promise<number>;
  close(): Promise<void>;
}

export async function startStreamServer(streams: StreamSettings): Promise<StreamServer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-streams-'));
  const estimator = createEstimator('chars:4');
  const module = ContextStoreModule.forRoot({
    websocket: true,
    streams,
    open: (observer) =>
      ContextStore.open({ directory, nodeName: 'a', groups: 8, estimator, observer, onFatal: fail }),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, new ContextStoreAdapter(), {
    logger: false,
    abortOnError: false,
  });
  serveStreams(app);
  await app.listen(0, '127.0.0.1');
  const metrics = app.get(Metrics);
  return {
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    store: app.get<ContextStore>(CONTEXT_STORE),
    http: app.getHttpServer(),
    async metric(series) {
      const text = await metrics.registry.metrics();
      const line = text.split('\n').find((each) => each.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    async close() {
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function fail(error: Error): never {
  throw error;
}

export const text = (content: string, tokenCount = 1): MessageInput => ({
  role: 'user',
  parts: [{ type: 'text', text: content }],
  tokenCount,
});
