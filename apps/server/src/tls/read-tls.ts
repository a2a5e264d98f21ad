import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Configuration, ConfigurationError } from '../config/configuration.js';
import { variables } from '../config/variables.js';

export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the certificate and its key, where TLS is on.
 * @throws ConfigurationError where a file cannot be read, or the two do not belong together
 */
export function readTls({ tlsCertFile, tlsKeyFile }: Configuration): Tls | undefined {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined;
  const tls = {
    cert: read(variables.tlsCertFile.name, tlsCertFile),
    key: read(variables.tlsKeyFile.name, tlsKeyFile),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      variables.tlsCertFile.name,
      `and ${variables.tlsKeyFile.name} are no certificate with its key (${reason})`,
    );
  }
  return tls;
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(variable, `names a file that cannot be read (${code}): ${file}`);
  }
}
