export { archiveConformance } from './adapter-suite.js';
export type { ArchivePlace } from './adapter-suite.js';
export type { ConformanceCase } from './conformance-case.js';
export { MemorySource } from './memory-source.js';
export type { MemoryMessage } from './memory-source.js';
