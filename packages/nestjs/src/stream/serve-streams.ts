import type { INestApplication } from '@nestjs/common';
import { UpgradeRouter } from '../upgrade/upgrade-router.js';
import { StreamSocketAdapter } from './stream-socket-adapter.js';
import { StreamUpgrades } from './stream-upgrade.js';

/**
 * Serves `/v1/contexts/:id/stream` to websockets. Call it before `app.init()` or `app.listen()`, on an
 * application whose module has `websocket: true`.
 */
export function serveStreams(app: INestApplication): void {
  app.useWebSocketAdapter(
    new StreamSocketAdapter(app.getHttpServer(), app.get(UpgradeRouter), app.get(StreamUpgrades)),
  );
}
