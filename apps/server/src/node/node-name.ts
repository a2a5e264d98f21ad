import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ConfigurationError } from '../config/configuration.js';

const fileName = 'node-name';

/**
 * The name of the node whose data lies in `directory`: made once, then kept in a file there. The Raft
 * groups in the directory know their replica by this name, so another one would be a voter that nobody
 * elected.
 *
 * @param wanted the name to begin with; default a random UUID
 * @throws ConfigurationError where the directory belongs to a node of another name
 */
export function nodeName(directory: string, wanted?: string): string {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, fileName);
  const kept = readName(file);
  if (kept === null) {
    const name = wanted ?? randomUUID();
    writeName(directory, file, name);
    return name;
  }
  if (wanted !== undefined && wanted !== kept) {
    throw new ConfigurationError(
      'FASTPACA_NODE_NAME',
      `is ${JSON.stringify(wanted)}, but the data in ${directory} belongs to the node ${JSON.stringify(kept)}: use that name, or another directory`,
    );
  }
  return kept;
}

function readName(file: string): string | null {
  if (!existsSync(file)) return null;
  const name = readFileSync(file, 'utf8').trim();
  if (name === '')
    throw new Error(`${file} is empty: restore the node's name, or remove the file with all data`);
  return name;
}

/** Under another name first, so that a crash leaves either no file or a whole one. */
function writeName(directory: string, file: string, name: string): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w');
  writeSync(handle, `${name}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(temporary, file);
  const entry = openSync(directory, 'r');
  fsyncSync(entry);
  closeSync(entry);
}
