#!/usr/bin/env node
import module from 'node:module';

// Half of what a short command takes is compiling what it imports. Node before 22.8 has no such cache.
(module as Partial<Pick<typeof module, 'enableCompileCache'>>).enableCompileCache?.();
const { main } = await import('./process.js');
await main();
