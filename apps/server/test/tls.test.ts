import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { parseConfiguration } from '../src/config/configuration.js';
import { readTls } from '../src/tls/read-tls.js';
import { type TestApplication, startApplication } from './application.js';

const directory = mkdtempSync(path.join(tmpdir(), 'fastpaca-tls-'));
const file = (name: string) => path.join(directory, name);
let certificate: string;
let app: TestApplication;

beforeAll(async () => {
  const own = await generate([{ name: 'commonName', value: 'localhost' }]);
  const other = await generate([{ name: 'commonName', value: 'localhost' }]);
  certificate = own.cert;
  writeFileSync(file('cert.pem'), own.cert);
  writeFileSync(file('key.pem'), own.private);
  writeFileSync(file('other.pem'), other.private);
  app = await startApplication({
    FASTPACA_TLS_CERT_FILE: file('cert.pem'),
    FASTPACA_TLS_KEY_FILE: file('key.pem'),
  });
});
afterAll(async () => {
  await app.close();
  rmSync(directory, { recursive: true });
});

const configured = (cert: string, key: string) =>
  readTls(parseConfiguration({ FASTPACA_TLS_CERT_FILE: file(cert), FASTPACA_TLS_KEY_FILE: file(key) }));

describe('TLS', () => {
  test('with a certificate and its key everything on the port is HTTPS', async () => {
    const call = request(new URL('/health/live', app.url), { ca: certificate, servername: 'localhost' });
    call.end();
    const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    answer.resume();
    expect([answer.statusCode, new URL(app.url).protocol]).toEqual([200, 'https:']);
  });

  test('what comes without TLS gets no answer', async () => {
    const call = httpRequest({ host: '127.0.0.1', port: new URL(app.url).port, path: '/health/live' });
    call.end();
    await expect(once(call, 'response')).rejects.toThrow();
  });

  test('a file that is missing, and a key of another certificate, stop the start with one line', () => {
    expect(() => configured('none.pem', 'key.pem')).toThrow(/^FASTPACA_TLS_CERT_FILE names a file .*ENOENT/);
    expect(() => configured('cert.pem', 'other.pem')).toThrow(
      /^FASTPACA_TLS_CERT_FILE and .* are no certificate/,
    );
    expect(() => parseConfiguration({ FASTPACA_TLS_CERT_FILE: file('cert.pem') })).toThrow(
      /^FASTPACA_TLS_KEY_FILE is missing/,
    );
  });
});
