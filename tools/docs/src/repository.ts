import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../../..');

/** Where the sources can be read, for links that leave docs/. */
export const repositoryUrl = 'https://github.com/fastpaca/context-store';
