// The image's health check: exit code 0 while the server answers that it is ready.
import http from 'node:http';
import https from 'node:https';

const tls = Boolean(process.env.FASTPACA_TLS_CERT_FILE);
const options = {
  host: '127.0.0.1',
  port: process.env.PORT || '4000',
  path: '/health/ready',
  timeout: 2_500,
  // The certificate names the node as others see it, not 127.0.0.1, which nobody else can answer on.
  rejectUnauthorized: false,
};
const request = (tls ? https : http).get(options, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy());
request.on('error', () => {
  process.exitCode = 1;
});
