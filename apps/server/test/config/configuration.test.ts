import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, parseConfiguration } from '../../src/config/configuration.js';

function refusal(environment: Record<string, string>): string {
  try {
    parseConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('configuration', () => {
  test('an empty environment gives the documented defaults', () => {
    expect(parseConfiguration({})).toEqual({
      port: 4000,
      host: '0.0.0.0',
      dataDirectory: 'priv/raft',
      nodeName: undefined,
      apiKeys: [],
      tokenEstimator: 'tiktoken:gpt-4o',
      maxBodyBytes: 8_388_608,
      rateLimit: undefined,
      rateLimitPerClient: undefined,
      maxConnections: 10_000,
      trustProxy: false,
      tlsCertFile: undefined,
      tlsKeyFile: undefined,
      logLevel: 'info',
      streamMaxConnections: 512,
      clusterSeed: [],
      clusterSize: undefined,
      clusterSecret: undefined,
      clusterGraceMs: 600_000,
      clusterMaxMoves: 4,
      clusterMoveBytesPerSecond: 67_108_864,
      requestDeadlineMs: 5_000,
      slowRequestMs: 1_000,
      adminEnabled: true,
      archiverEnabled: false,
      databaseUrl: undefined,
      migrateOnBoot: undefined,
      archiveFlushIntervalMs: 5000,
      archiverBatchSize: 5000,
      tailKeep: 1000,
    });
  });

  test('a variable that is set to nothing counts as not set', () => {
    expect(parseConfiguration({ PORT: '', FASTPACA_API_KEY: ' ' })).toEqual(parseConfiguration({}));
  });

  test('several keys are separated by commas', () => {
    expect(parseConfiguration({ FASTPACA_API_KEY: 'one, two ,' }).apiKeys).toEqual(['one', 'two']);
  });

  test.each([
    ['PORT', 'http', 'PORT must be an integer from 0 to 65535, not "http"'],
    ['PORT', '65536', 'PORT must be an integer from 0 to 65535, not "65536"'],
    ['PORT', '-1', 'PORT must be an integer from 0 to 65535, not "-1"'],
    [
      'FASTPACA_NODE_NAME',
      'a b',
      'FASTPACA_NODE_NAME must have 1 to 64 characters of A-Z a-z 0-9 . _ -, not "a b"',
    ],
    [
      'FASTPACA_TOKEN_ESTIMATOR',
      'words',
      'FASTPACA_TOKEN_ESTIMATOR must be tiktoken:MODEL, tiktoken:ENCODING or chars:N, with an optional *FACTOR, not "words"',
    ],
    [
      'FASTPACA_MAX_BODY_BYTES',
      '8MB',
      'FASTPACA_MAX_BODY_BYTES must be an integer from 1024 to 268435456, not "8MB"',
    ],
    ['FASTPACA_RATE_LIMIT', '0', 'FASTPACA_RATE_LIMIT must be an integer from 1 to 1000000, not "0"'],
    ['FASTPACA_ARCHIVER_ENABLED', 'yes', 'FASTPACA_ARCHIVER_ENABLED must be true or false, not "yes"'],
    ['FASTPACA_TAIL_KEEP', '1.5', 'FASTPACA_TAIL_KEEP must be an integer from 0 to 1000000000, not "1.5"'],
    [
      'FASTPACA_CLUSTER_SEED',
      'node-1',
      'FASTPACA_CLUSTER_SEED must be a comma-separated list of host:port, not "node-1"',
    ],
    ['FASTPACA_CLUSTER_SEED', ',', 'FASTPACA_CLUSTER_SEED must have something between its commas, not ","'],
  ])('%s=%s stops the start with one line that names it', (name, value, line) => {
    expect(refusal({ [name]: value })).toBe(line);
  });

  test('a list of keys without a key is refused: it must not open the server', () => {
    expect(refusal({ FASTPACA_API_KEY: ', ,' })).toMatch(/^FASTPACA_API_KEY must have something between/);
  });

  test('a secret that does not parse is not shown', () => {
    expect(refusal({ FASTPACA_API_KEY: 'two words' })).not.toContain('words');
    expect(refusal({ DATABASE_URL: 'mysql://user:pass@host/db' })).not.toContain('pass');
  });

  test('a cluster that could not form is refused', () => {
    const seed = { FASTPACA_CLUSTER_SEED: 'node-1:4000,10.0.0.2:4000' };
    expect(parseConfiguration(seed).clusterSeed).toEqual(['node-1:4000', '10.0.0.2:4000']);
    expect(refusal({ ...seed, PORT: '0' })).toMatch(/^PORT is 0, but nodes of a cluster must find it/);
    expect(refusal({ FASTPACA_CLUSTER_SIZE: '3' })).toMatch(/^FASTPACA_CLUSTER_SIZE is above 1/);
  });

  test('an archiver without a database is refused', () => {
    expect(refusal({ FASTPACA_ARCHIVER_ENABLED: 'true' })).toMatch(/^DATABASE_URL is missing/);
    const url = 'postgres://me@localhost/chat';
    expect(parseConfiguration({ FASTPACA_ARCHIVER_ENABLED: 'true', DATABASE_URL: url })).toMatchObject({
      archiverEnabled: true,
      databaseUrl: url,
    });
  });
});
