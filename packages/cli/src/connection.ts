import { createClient, type Client } from '@fastpaca/fastpaca';
import { UsageError } from './exit-codes.js';
import type { Io } from './io.js';

export interface ConnectionOptions {
  readonly url?: readonly string[];
  readonly apiKey?: string;
}

export const defaultUrl = 'http://localhost:4000';

/** @throws UsageError where an address is none */
export function connect({ url = [], apiKey }: ConnectionOptions, { env }: Io): Client {
  const given = [...url, ...(url.length > 0 ? [] : [env['FASTPACA_URL'] ?? ''])];
  const urls = given.flatMap((each) => each.split(',')).map((each) => each.trim());
  const baseUrl = urls.filter((each) => each !== '');
  const key = apiKey ?? env['FASTPACA_API_KEY'];
  try {
    return createClient({
      baseUrl: baseUrl.length === 0 ? defaultUrl : baseUrl,
      ...(key === undefined || key === '' ? {} : { apiKey: key }),
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message.replace('baseUrl', '--url'));
    throw error;
  }
}
