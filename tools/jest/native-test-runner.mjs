import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const { default: circus } = require('jest-circus/runner');

/**
 * Runs a test file by Jest's own rules, in modules that Node has loaded. Jest loads every module anew for every test file, in
 * a context of its own, and that was half of what the suite cost. What it gives, a registry of modules for each file and
 * `jest.mock`, no test here asks for: fakes are passed to constructors. Files that one worker runs share what their modules
 * keep, as they would in a server.
 *
 * The last two parameters are Jest's: https://jestjs.io/docs/configuration#testrunner-string
 */
export default function nativeTestRunner(
  globalConfig,
  config,
  environment,
  runtime,
  testPath,
  sendMessageToJest,
) {
  return circus(globalConfig, config, { global: globalThis }, nativeModules, testPath, sendMessageToJest);
}

/** What circus asks of Jest's runtime, answered by Node. */
const nativeModules = {
  // The state of circus lives in its module, and each test file begins with a new one.
  requireInternalModule(path) {
    Reflect.deleteProperty(require.cache, path);
    return require(path);
  },
  requireModule: require,
  // The same file may run again in this process, when Jest watches.
  unstable_importModule: (path) => import(`${pathToFileURL(path)}?at=${Date.now()}`),
  unstable_shouldLoadAsEsm: () => true,
  setGlobalsForRuntime() {},
  enterTestCode() {},
  leaveTestCode() {},
};
