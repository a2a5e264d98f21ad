import path from 'node:path';
import { bundleServer } from './bundle/bundle-server.ts';

// Makes what runs from what `tsc -b` built. `npm run build`, `npm start` and `npm test` do this where it is out of date.

await bundleServer(path.join(import.meta.dirname, '../../../apps/server/dist/bundle'));
