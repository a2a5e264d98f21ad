import { registerHooks } from 'node:module';

// Loaded before the worker when this package runs from its TypeScript sources (tests, the source condition):
// Node strips the types, but an import still says `./x.js` where the file is `./x.ts`. Not part of dist.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const isSource = context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
    return nextResolve(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
