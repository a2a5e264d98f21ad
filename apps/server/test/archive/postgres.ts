// The test server of the archiver, which is no part of what that package gives to others.
// eslint-disable-next-line @nx/enforce-module-boundaries
export { TestPostgres, query } from '../../../../packages/archiver/test/support/test-postgres.js';
