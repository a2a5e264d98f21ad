import { StoreProcess } from './store-process.js';

const variable = 'FASTPACA_CLIENT_TEST_STORE';
let shared: StoreProcess | undefined;

/** One server for all test files that neither stop it nor configure it: Jest's `globalSetup` starts it. */
export default async function startSharedStore(): Promise<void> {
  shared = await StoreProcess.start();
  process.env[variable] = shared.url;
}

/** Jest's `globalTeardown`, by way of shared-store-end.ts. */
export async function removeSharedStore(): Promise<void> {
  await shared?.remove();
}

/** Where it is. Every test has contexts of its own there. */
export function sharedStoreUrl(): string {
  const url = process.env[variable];
  if (url === undefined) throw new Error('Jest has not started the server of these tests.');
  return url;
}
