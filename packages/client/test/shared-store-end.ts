export { removeSharedStore as default } from './shared-store.js';
