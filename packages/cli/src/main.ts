#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Half of what a short command takes is compiling what it imports.
enableCompileCache();
const { main } = await import('./process.js');
await main();
