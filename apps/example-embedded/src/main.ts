import 'reflect-metadata';
import { createExpressApp, createFastifyApp } from './create-app.js';

const create = process.env['PLATFORM'] === 'fastify' ? createFastifyApp : createExpressApp;
const app = await create(process.env['DATA_DIR'] ?? 'priv/example-embedded');
await app.listen(Number(process.env['PORT'] ?? 4100));
