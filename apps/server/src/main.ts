import 'reflect-metadata';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { exitOnSignal } from './shutdown/exit-on-signal.js';

exitOnSignal();

// Compiling what is imported is a sixth of the start. Where the directory cannot be written, it is done anew.
enableCompileCache();
const { start } = await import('./start.js');
await start();
// Not only at the end: a process that is killed has none.
flushCompileCache();
