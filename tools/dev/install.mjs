import { exitWith, install } from './prepare.mjs';

await install().catch(exitWith);
