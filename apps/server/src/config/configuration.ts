import type { z } from 'zod';
import { type VariableName, variables } from './variables.js';

export type Configuration = {
  readonly [K in VariableName]: z.output<(typeof variables)[K]['schema']>;
};

/** A variable that does not parse. The message is the one line that the start ends with. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly variable: string;

  constructor(variable: string, reason: string) {
    super(`${variable} ${reason}`);
    this.variable = variable;
  }
}

/**
 * Reads the whole configuration once. A variable that is set to nothing counts as not set, as it is in
 * an env file with `NAME=`.
 *
 * @throws ConfigurationError naming the first variable that does not parse
 */
export function parseConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const entries = Object.entries(variables).map(([key, { name, schema }]) => {
    const value = environment[name]?.trim();
    const result = schema.safeParse(value === '' ? undefined : value);
    if (!result.success) {
      const reason = result.error.issues[0]?.message ?? 'is not valid';
      throw new ConfigurationError(name, `${reason}, not ${shown(name, value)}`);
    }
    return [key, result.data];
  });
  const configuration = Object.fromEntries(entries) as Configuration;
  refuseMissingParts(configuration);
  refuseHalfTls(configuration);
  return configuration;
}

/** Secrets do not belong into a log. */
function shown(name: string, value: string | undefined): string {
  return /KEY|SECRET|URL/.test(name) ? 'what it is set to' : JSON.stringify(value);
}

/** A node that silently ran alone, or without its archive, would be worse than one that does not start. */
function refuseMissingParts(configuration: Configuration): void {
  if (configuration.clusterSeed.length > 0 && configuration.port === 0) {
    throw new ConfigurationError(variables.port.name, 'is 0, but nodes of a cluster must find it: set it');
  }
  if (configuration.clusterSeed.length === 0 && (configuration.clusterSize ?? 1) > 1) {
    throw new ConfigurationError(
      variables.clusterSize.name,
      `is above 1, but the node knows nowhere to look for others: set ${variables.clusterSeed.name}`,
    );
  }
  if (configuration.archiverEnabled && configuration.databaseUrl === undefined) {
    throw new ConfigurationError(
      variables.databaseUrl.name,
      `is missing: ${variables.archiverEnabled.name} is true, and this says where the archive is`,
    );
  }
}

function refuseHalfTls({ tlsCertFile, tlsKeyFile }: Configuration): void {
  if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) return;
  const missing = tlsCertFile === undefined ? variables.tlsCertFile : variables.tlsKeyFile;
  throw new ConfigurationError(missing.name, 'is missing: TLS needs the certificate and the key');
}
