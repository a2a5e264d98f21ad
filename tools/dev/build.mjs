import { build, exitWith } from './prepare.mjs';

// `npm run build`: the packages, and the bundle of the server, which is what runs.
try {
  await build();
} catch (error) {
  exitWith(error);
}
