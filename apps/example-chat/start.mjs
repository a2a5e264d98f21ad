import { build, exitWith, install } from '../../tools/dev/prepare.mjs';

// `npm run example`: installs, builds, then runs the context store and the example.
try {
  await install();
  await build();
} catch (error) {
  exitWith(error);
}
await import('./run.mjs');
