import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** What is wrong with a packed package, for who installs it; empty where nothing is. */
export async function faultsOf(tarball: string): Promise<string[]> {
  const data = new Uint8Array(readFileSync(tarball));
  return [...(await manifestFaults(data)), ...(await typeFaults(data))];
}

/** publint: whether what package.json names is in the package, and in the format that it says. */
async function manifestFaults({ buffer }: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, level: 'warning', strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

/** Packages are ESM only: a resolution that cannot import such is not asked. */
const unsupported: readonly string[] = ['node10', 'node16-cjs'];

/** attw: whether every entry point resolves, to types that fit the code. */
async function typeFaults(data: Uint8Array): Promise<string[]> {
  const options = { excludeEntrypoints: ['./package.json'] };
  const result = await checkPackage(createPackageFromTarballData(data), options);
  if (!result.types) return ['has no types'];
  return result.problems
    .filter((problem) => !('resolutionKind' in problem && unsupported.includes(problem.resolutionKind)))
    .map((problem) => JSON.stringify(problem));
}
