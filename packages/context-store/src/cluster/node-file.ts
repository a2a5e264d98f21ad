import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';

import { nodeId } from '@fastpaca/raft-core';
import { z } from 'zod';

import { defaultGroupCount } from '../group/group-of.js';
import { OpenError } from '../open-error.js';
import { nodeNameSchema, phaseSchema } from './node-schemas.js';
import type { NodeRef, Phase } from './phase.js';

const fileName = 'node.json';
/** The store beside it: where it is, there is data. */
export const storeDirectory = 'store';

const contentSchema = z.strictObject({
  format: z.literal(1),
  id: z.uuid(),
  name: nodeNameSchema,
  groups: z.int().min(1).max(65_535),
  revision: z.int().min(0),
  phase: phaseSchema,
});

type Content = z.infer<typeof contentSchema>;

export interface NodeOptions {
  /** Default: the name in the directory, or else a random UUID. */
  readonly name?: string | undefined;
  /** Context groups. Default 256. */
  readonly groups?: number | undefined;
}

/**
 * Who this node is: `node.json` in its data directory. The id is drawn when the directory is made, so a
 * wiped directory is another node than the one it was; the name is for people. It also holds how far the
 * node is on its way into a cluster, see `Phase`.
 */
export class NodeFile {
  readonly #directory: string;
  #content: Content;

  private constructor(directory: string, content: Content) {
    this.#directory = directory;
    this.#content = content;
  }

  /**
   * Reads the file, or makes it where the directory holds nothing.
   * @throws OpenError `invalid_name`; `wrong_node` where the directory has another name; `wrong_groups`;
   *   `damaged_node_file`; `unusable_directory`
   */
  static open(directory: string, options: NodeOptions = {}): NodeFile {
    makeDirectory(directory);
    const file = path.join(directory, fileName);
    if (existsSync(file)) {
      const content = parse(file, readFileSync(file, 'utf8'));
      refuseOthers(directory, content, options);
      return new NodeFile(directory, content);
    }
    if (existsSync(path.join(directory, storeDirectory))) {
      throw new OpenError(
        'damaged_node_file',
        `${directory} holds data, but no ${fileName}, which says whose: restore that file from a backup, or ` +
          'empty the directory to start as a new node.',
      );
    }
    refuseBadName(options.name);
    const node = new NodeFile(directory, {
      format: 1,
      id: randomUUID(),
      name: options.name ?? randomUUID(),
      groups: options.groups ?? defaultGroupCount,
      revision: 0,
      phase: { kind: 'empty' },
    });
    node.#write(node.#content);
    return node;
  }

  get self(): NodeRef {
    const { id, name } = this.#content;
    return { id: nodeId(id), name };
  }

  /** Context groups of the cluster. */
  get groups(): number {
    return this.#content.groups;
  }

  /** Grows with every change of the phase. */
  get revision(): number {
    return this.#content.revision;
  }

  get phase(): Phase {
    return this.#content.phase;
  }

  /** Durable when it returns. It blocks; a node changes its phase a few times in its life. */
  enter(phase: Phase): void {
    const before = this.#content;
    // Not before it is written: what is told to others is durable.
    this.#content = this.#write({ ...before, revision: before.revision + 1, phase });
  }

  /** Under another name first, so that a crash leaves the old file or the new one, whole. */
  #write(wanted: Content): Content {
    // The order of the members counts for the checksum.
    const content = contentSchema.parse(wanted);
    const file = path.join(this.#directory, fileName);
    const temporary = `${file}.new`;
    const handle = openSync(temporary, 'w');
    try {
      writeFileSync(handle, `${JSON.stringify({ ...content, checksum: checksum(content) })}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
    syncEntries(this.#directory);
    return content;
  }
}

function syncEntries(directory: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const checksum = (content: Content): string => crc32(JSON.stringify(content)).toString(16).padStart(8, '0');

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OpenError(
      'unusable_directory',
      `${directory} cannot be the data directory: ${reason}. Name one that this process may make or write to.`,
      { cause },
    );
  }
}

function parse(file: string, text: string): Content {
  try {
    const { checksum: expected, ...rest } = z.looseObject({ checksum: z.string() }).parse(JSON.parse(text));
    const content = contentSchema.parse(rest);
    if (checksum(content) !== expected) throw new Error('The checksum does not match.');
    return content;
  } catch (cause) {
    throw new OpenError(
      'damaged_node_file',
      `${file} is damaged: restore it from a backup. Without one, empty the directory and start again as a new ` +
        'node; in a cluster of three or more, the others still have all data.',
      { cause },
    );
  }
}

function refuseBadName(name: string | undefined): void {
  if (name === undefined || nodeNameSchema.safeParse(name).success) return;
  throw new OpenError('invalid_name', 'A node name has 1 to 64 characters of A-Z a-z 0-9 . _ -');
}

function refuseOthers(directory: string, content: Content, { name, groups }: NodeOptions): void {
  if (name !== undefined && name !== content.name) {
    throw new OpenError(
      'wrong_node',
      `The node is to be named ${JSON.stringify(name)}, but the data in ${directory} belongs to the node ` +
        `${JSON.stringify(content.name)}: use that name, or another directory.`,
    );
  }
  if (groups !== undefined && groups !== content.groups) {
    throw new OpenError(
      'wrong_groups',
      `The directory holds ${content.groups} groups, the options say ${groups}. The number is fixed when a ` +
        'directory is made: contexts are found by it.',
    );
  }
}
