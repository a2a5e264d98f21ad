import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const root = path.resolve(import.meta.dirname, '../../..');

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** A YAML file of one document, with its merge keys (`<<`) carried out as Compose does. */
export function readYaml(file: string): unknown {
  return parse(read(file), { merge: true });
}

/** A YAML file of several documents. */
export function readYamls(file: string): unknown[] {
  return parseAllDocuments(read(file)).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as unknown;
  });
}

/** Names of the server's variables, from the sample file that is made from the server's own table. */
export const serverVariables: ReadonlySet<string> = new Set(
  read('docker/fastpaca.env.sample').match(/^[A-Z_]+(?==)/gm),
);

/** What the image says of itself. */
export const image = {
  user: /^USER (\d+):(\d+)$/m.exec(read('docker/Dockerfile'))?.slice(1).map(Number) ?? [],
  volume: /^VOLUME (\S+)$/m.exec(read('docker/Dockerfile'))?.[1],
  port: Number(/^EXPOSE (\d+)$/m.exec(read('docker/Dockerfile'))?.[1]),
};

/** How long the server takes to stop at most: it cuts what is still busy after 20 s, and closes its store. */
export const longestStopSeconds = 20;
