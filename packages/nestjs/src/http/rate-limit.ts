import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiError } from '../errors/api-error.js';

/**
 * Limits the requests that this node answers each second; more get 429 with `Retry-After`. Health and
 * metrics are not counted. Call it before `app.init()` or `app.listen()`.
 */
export async function limitRate(app: NestFastifyApplication, requestsPerSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerSecond,
    timeWindow: 1000,
    keyGenerator: () => 'node',
    allowList: (request) => !request.url.startsWith('/v1/'),
    errorResponseBuilder: () =>
      new ApiError(
        'rate_limited',
        `This node answers ${requestsPerSecond} requests a second: wait for Retry-After`,
      ),
  });
}
