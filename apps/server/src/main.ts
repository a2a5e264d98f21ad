import 'reflect-metadata';
import { enableCompileCache } from 'node:module';

// Compiling what is imported is a sixth of the start. Where the directory cannot be written, it is done anew.
enableCompileCache();
const { start } = await import('./start.js');
await start();
