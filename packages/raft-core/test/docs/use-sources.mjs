import { loadSources } from '../simulation/source-loader.mjs';

// For a program of the documentation: the package's sources in place of a build.
loadSources();
