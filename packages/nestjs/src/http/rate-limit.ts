import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { sendError } from '../errors/error-filter.js';

export interface RateLimits {
  /** Requests a second that this node answers. Default: any number. */
  readonly perNode?: number | undefined;
  /** Requests a second of one API key from one address. Default: any number. */
  readonly perClient?: number | undefined;
}

interface Limiter {
  readonly name: string;
  check(request: FastifyRequest): Promise<{ readonly exceeded: boolean; readonly seconds: number }>;
}

/** Clients whose requests are counted at one time; the one that was quiet longest is forgotten. */
const countedClients = 10_000;

/**
 * Limits the requests of each second; more get 429 with `Retry-After`. Health and metrics are not
 * counted. Call it before `app.init()` or `app.listen()`.
 */
export async function limitRate(app: NestFastifyApplication, limits: RateLimits): Promise<void> {
  const { perNode, perClient } = limits;
  if (perNode === undefined && perClient === undefined) return;
  await app.register(rateLimit, { global: false, timeWindow: 1000, cache: countedClients });
  const fastify = app.getHttpAdapter().getInstance();
  const limiter = (name: string, max: number, keyGenerator: (request: FastifyRequest) => string): Limiter => {
    const count = fastify.createRateLimit({ max, keyGenerator });
    return {
      name: `${name} ${max} requests a second`,
      async check(request) {
        const result = await count(request);
        return result.isAllowed
          ? { exceeded: false, seconds: 0 }
          : { exceeded: result.isExceeded, seconds: Math.max(1, result.ttlInSeconds) };
      },
    };
  };
  // The client first: who is over its own limit must not use up everyone's.
  const limiters: Limiter[] = [];
  if (perClient !== undefined) limiters.push(limiter('One client gets', perClient, clientOf));
  if (perNode !== undefined) limiters.push(limiter('This node answers', perNode, () => 'node'));
  fastify.addHook('onRequest', (request, reply) => refuseExcess(limiters, request, reply));
}

async function refuseExcess(limiters: readonly Limiter[], request: FastifyRequest, reply: FastifyReply) {
  if (!request.url.startsWith('/v1/')) return;
  for (const { name, check } of limiters) {
    const { exceeded, seconds } = await check(request);
    if (!exceeded) continue;
    void reply.header('retry-after', String(seconds));
    sendError(reply, new ApiError('rate_limited', `${name}: wait for Retry-After`));
    return;
  }
}

/** A key that several services share counts for each of their addresses. */
function clientOf({ ip, headers }: FastifyRequest): string {
  return `${ip} ${headers.authorization ?? ''}`;
}
