import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type IStatefulSet, StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import {
  type IPodDisruptionBudget,
  PodDisruptionBudget,
} from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { type IService, Service } from 'kubernetes-models/v1/Service';
import { image, longestStopSeconds, read, readYamls, root, serverVariables } from './repository.ts';

const run = promisify(execFile);
const folder = 'docker/kubernetes';

/** The kinds that the manifests have, each with where its type and its schema are. */
const kinds = {
  'apps/v1 StatefulSet': { model: StatefulSet, types: 'kubernetes-models/apps/v1/StatefulSet' },
  'v1 Service': { model: Service, types: 'kubernetes-models/v1/Service' },
  'policy/v1 PodDisruptionBudget': {
    model: PodDisruptionBudget,
    types: 'kubernetes-models/policy/v1/PodDisruptionBudget',
  },
} as const;

type Kind = keyof typeof kinds;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const manifests = readdirSync(path.join(root, folder))
  .sort()
  .flatMap((file) => readYamls(`${folder}/${file}`) as Manifest[])
  .map((manifest) => ({ manifest, kind: `${manifest.apiVersion} ${manifest.kind}` as Kind }));

function only<T>(values: readonly T[]): T {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0) throw new Error(`expected one, got ${values.length}`);
  return value;
}

function find(wanted: Kind, name: string): unknown {
  const found = manifests.filter(({ kind, manifest }) => kind === wanted && manifest.metadata.name === name);
  return only(found).manifest;
}

describe('the manifests', () => {
  test.each(
    manifests.map(({ manifest, kind }) => [`${kind} ${manifest.metadata.name}`, kind, manifest] as const),
  )('%s follows the schema of Kubernetes', (_, kind, manifest) => {
    expect(kinds[kind]).toBeDefined();
    const model = new kinds[kind].model(manifest as never);
    expect(() => model.validate()).not.toThrow();
  });

  test('have no member that Kubernetes does not know', async () => {
    // The schemas allow unknown members, which the API server would drop or refuse; the types do not.
    expect(await typeErrors(manifests.map(({ manifest, kind }) => ({ value: manifest, kind })))).toBe('');
    const { manifest } = only(manifests.filter(({ kind }) => kind === 'apps/v1 StatefulSet'));
    const misspelt = JSON.parse(
      JSON.stringify(manifest).replace('readinessProbe', 'readinessProb'),
    ) as unknown;
    expect(await typeErrors([{ value: misspelt, kind: 'apps/v1 StatefulSet' }])).toContain('readinessProb');
  });
});

/** What the type checker says of the values, written down as literals. */
async function typeErrors(
  values: readonly { readonly value: unknown; readonly kind: Kind }[],
): Promise<string> {
  // Inside of the package, where the types are found; Git and the linter pass it over.
  mkdirSync(path.join(import.meta.dirname, '../.jest'), { recursive: true });
  const directory = mkdtempSync(path.join(import.meta.dirname, '../.jest/kubernetes-'));
  try {
    const file = path.join(directory, 'manifests.ts');
    const lines = values.map(({ value, kind }, index) => {
      const name = `I${kind.split(' ')[1] ?? ''}`;
      const type = `import('${kinds[kind].types}').${name}`;
      return `export const manifest${index}: ${type} = ${JSON.stringify(value)};`;
    });
    writeFileSync(file, lines.join('\n'));
    const tsc = path.join(root, 'node_modules/.bin/tsc');
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const { stdout } = await run(process.execPath, [tsc, ...options, file]).catch(
      (error: { stdout: string }) => error,
    );
    return stdout;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('the manifests together', () => {
  const set = find('apps/v1 StatefulSet', 'fastpaca') as IStatefulSet;
  const clients = find('v1 Service', 'fastpaca') as IService;
  const peers = find('v1 Service', 'fastpaca-peers') as IService;
  const budget = find('policy/v1 PodDisruptionBudget', 'fastpaca') as IPodDisruptionBudget;
  const pod = set.spec?.template;
  const container = only(pod?.spec?.containers ?? []);
  const variables = new Map((container.env ?? []).map((variable) => [variable.name, variable]));

  test('select the same pods', () => {
    const labels = pod?.metadata?.labels ?? {};
    const rule = only(
      pod?.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    );
    expect(set.spec?.selector.matchLabels).toEqual(labels);
    expect(clients.spec?.selector).toEqual(labels);
    expect(peers.spec?.selector).toEqual(labels);
    expect(budget.spec?.selector?.matchLabels).toEqual(labels);
    expect(rule).toMatchObject({
      topologyKey: 'kubernetes.io/hostname',
      labelSelector: { matchLabels: labels },
    });
  });

  test('nodes find each other before they are ready, by the name of the headless service', () => {
    expect(peers.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(set.spec?.serviceName).toBe(peers.metadata?.name);
    expect(set.spec?.podManagementPolicy).toBe('Parallel');
    const { port } = only(peers.spec?.ports ?? []);
    expect(variables.get('FASTPACA_CLUSTER_SEED')?.value).toBe(`${peers.metadata?.name}:${port}`);
    expect(variables.get('FASTPACA_CLUSTER_SIZE')?.value).toBe(String(set.spec?.replicas));
  });

  test('the server has every variable that is set, and secrets come from a secret', () => {
    expect([...variables.keys()].filter((name) => !serverVariables.has(name))).toEqual([]);
    for (const name of ['FASTPACA_CLUSTER_SECRET', 'FASTPACA_API_KEY'])
      expect(variables.get(name)).toMatchObject({ name, valueFrom: { secretKeyRef: { name: 'fastpaca' } } });
  });

  test('run as the image’s user, without rights, on a root that cannot be written', () => {
    const [runAsUser, runAsGroup] = image.user;
    expect(pod?.spec?.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser,
      runAsGroup,
      fsGroup: runAsGroup,
    });
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const writable = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    expect(writable).toEqual([image.volume, '/tmp']);
    const claimed = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name);
    expect(claimed).toEqual([
      container.volumeMounts?.find(({ mountPath }) => mountPath === image.volume)?.name,
    ]);
  });

  test('probes ask what the server answers, on its port', () => {
    const rest = read('docs/reference/rest.md');
    const { startupProbe, livenessProbe, readinessProbe } = container;
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      expect(probe?.httpGet?.port).toBe(only(container.ports ?? []).name);
      expect(rest).toContain(probe?.httpGet?.path);
    }
    expect(only(container.ports ?? []).containerPort).toBe(image.port);
    expect(only(clients.spec?.ports ?? []).port).toBe(image.port);
  });

  test('a node may be drained at a time, and has longer to stop than it takes', () => {
    expect(budget.spec?.maxUnavailable).toBe(1);
    const before = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(pod?.spec?.terminationGracePeriodSeconds).toBeGreaterThan(longestStopSeconds + before);
  });
});
