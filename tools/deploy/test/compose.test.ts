import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import { image, longestStopSeconds, readYaml, root, serverVariables } from './repository.ts';

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> | readonly string[];
  readonly healthcheck?: unknown;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const files = ['docker/compose.yml', 'docker/compose.cluster.yml'];
const directory = path.join(root, 'docker');

/** Those that run our image. */
function nodesOf(compose: Compose): [string, Service][] {
  return Object.entries(compose.services).filter(([, { build }]) => build !== undefined);
}

/** `HOST:CONTAINER[:MODE]` of a volume. */
function mounts(service: Service): { readonly source: string; readonly target: string }[] {
  return (service.volumes ?? []).map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return { source, target };
  });
}

let validate: ValidateFunction;
beforeAll(() => {
  const dclint = path.dirname(createRequire(import.meta.url).resolve('dclint/package.json'));
  const file = path.join(dclint, 'schemas/compose.schema.json');
  // The schema names its draft by a URL that Ajv does not know, and has formats of Go.
  const { $schema: _, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<
    Record<string, unknown>
  >;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  validate = ajv.compile(schema);
});

describe.each(files)('%s', (file) => {
  const compose = readYaml(file) as Compose;

  test('follows the Compose specification', () => {
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  test('builds our image from files that are there', () => {
    expect(nodesOf(compose).length).toBeGreaterThan(0);
    for (const [, { build }] of nodesOf(compose)) {
      const context = path.resolve(directory, build?.context ?? '');
      expect(context).toBe(root);
      expect(existsSync(path.join(context, build?.dockerfile ?? ''))).toBe(true);
    }
  });

  test('sets only variables that the server has', () => {
    const set = nodesOf(compose).flatMap(([, { environment }]) => Object.keys(environment ?? {}));
    expect(set.filter((name) => !serverVariables.has(name))).toEqual([]);
  });

  test('publishes the image’s port to this machine alone', () => {
    for (const [, { ports }] of nodesOf(compose)) {
      expect(ports).toHaveLength(1);
      expect(ports?.[0]).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+:${image.port}$`));
    }
    const published = Object.values(compose.services).flatMap(({ ports }) => ports ?? []);
    expect(published.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    expect(new Set(published).size).toBe(published.length);
  });

  test('keeps each node’s data in a volume of its own', () => {
    const sources = nodesOf(compose).map(([, service]) => {
      const data = mounts(service).filter(({ target }) => target === image.volume);
      expect(data).toHaveLength(1);
      return data[0]?.source;
    });
    expect(new Set(sources).size).toBe(sources.length);
  });

  test('mounts only volumes and files that exist', () => {
    for (const { source } of Object.values(compose.services).flatMap(mounts)) {
      if (source.startsWith('.')) expect(existsSync(path.join(directory, source))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  test('waits only for services that say when they are healthy', () => {
    for (const { depends_on: needed } of Object.values(compose.services)) {
      if (needed === undefined || Array.isArray(needed)) continue;
      for (const [name, { condition }] of Object.entries(needed as object)) {
        expect(compose.services[name]).toBeDefined();
        if (condition === 'service_healthy') expect(compose.services[name]?.healthcheck).toBeDefined();
      }
    }
  });

  test('gives a node longer to stop than it takes', () => {
    for (const [, { stop_grace_period: grace }] of nodesOf(compose))
      expect(Number(/^(\d+)s$/.exec(grace ?? '')?.[1])).toBeGreaterThan(longestStopSeconds);
  });
});

test('the nodes of the cluster are each other’s seeds, and as many as it waits for', () => {
  const compose = readYaml('docker/compose.cluster.yml') as Compose;
  const nodes = nodesOf(compose);
  const addresses = nodes.map(([name]) => `${name}:${image.port}`).join(',');
  for (const [name, { environment }] of nodes) {
    expect(environment).toMatchObject({
      FASTPACA_NODE_NAME: name,
      FASTPACA_CLUSTER_SEED: addresses,
      FASTPACA_CLUSTER_SIZE: String(nodes.length),
    });
  }
});

test('a misspelt member would not follow the specification', () => {
  expect(validate({ services: { node: { image: 'x', port: ['4000:4000'] } } })).toBe(false);
});
