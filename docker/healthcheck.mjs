// The image's health check: exit code 0 while the server answers that it is ready.
const port = process.env.PORT || '4000';
const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, {
  signal: AbortSignal.timeout(2_500),
}).catch(() => null);
process.exitCode = answer?.ok ? 0 : 1;
