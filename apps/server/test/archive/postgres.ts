// The test server of the archiver, which is no part of what that package gives to others.
// oxlint-disable-next-line no-restricted-imports -- a helper of tests, which no package exports
export { TestPostgres, query } from '../../../../packages/archiver/test/support/test-postgres.js';
