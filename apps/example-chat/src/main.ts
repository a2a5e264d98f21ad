import { createClient } from '@fastpaca/fastpaca';
import { Chats } from './chat/chats.ts';
import { Compactors } from './chat/watch.ts';
import { readConfig } from './config.ts';
import { chooseModel } from './model/choose-model.ts';
import { createApp } from './server/routes.ts';

const config = readConfig(process.env);
const client = createClient({ baseUrl: config.storeUrls, apiKey: config.storeKey });
const model = chooseModel(config.model);
const compactors = new Compactors(model, (error) => {
  console.error('The summary failed:', error);
});
const app = createApp(new Chats(client, model, config.budget), compactors);

const address = await app.listen({ port: config.port, host: config.host });
const named = config.model === null ? 'the mock model' : config.model.name;
console.log(`Example chat   ${address}   (store ${config.storeUrls.join(', ')}, ${named})`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    compactors.stop();
    app.server.closeAllConnections();
    void app.close();
  });
}
