import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from '@jest/globals';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { read, readYaml, root } from './repository.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const { groups } = readYaml('docker/prometheus/alerts.yml') as {
  groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const page = read('docs/operations/monitoring.md');
const blocks = [...page.matchAll(/^```promql\n([\s\S]*?)^```$/gm)].map((match) => match[1]?.trim() ?? '');

/** The texts of the nodes of one kind in a query, or an error where it does not parse. */
function nodes(query: string, kind: string): string[] {
  const found: string[] = [];
  parser.parse(query).iterate({
    enter({ type, from, to }) {
      if (type.isError) throw new Error(`no PromQL at ${from} of: ${query}`);
      if (type.name === kind) found.push(query.slice(from, to));
    },
  });
  return found;
}

/** The series that our code makes, from where it makes them; those of the process, from who makes those. */
function knownSeries(): Set<string> {
  const sources = globSync('packages/nestjs/src/**/*.ts', { cwd: root });
  const own = sources.flatMap(
    (file) => readFileSync(path.join(root, file), 'utf8').match(/(?<=')fastpaca_[a-z_]+(?=')/g) ?? [],
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const process = registry.getMetricsAsArray().map(({ name }) => name);
  registry.clear();
  return new Set([...own, ...process, 'up']);
}

const known = knownSeries();

/** A histogram has three series. */
function isKnown(series: string): boolean {
  return known.has(series) || known.has(series.replace(/_(bucket|sum|count)$/, ''));
}

describe.each([
  ['the rules', rules.map(({ expr }) => expr)],
  ['the page on monitoring', blocks],
])('every query of %s', (_, queries) => {
  test.each(queries)('is PromQL over series that exist: %s', (query) => {
    const series = nodes(query, 'Identifier');
    expect(series.length).toBeGreaterThan(0);
    expect(series.filter((name) => !isKnown(name))).toEqual([]);
  });
});

/** What the dashboards of Grafana ask, with a value for its variables, which are no PromQL. */
const panels = globSync('docker/grafana/*.json', { cwd: root }).flatMap((file) => {
  const queries = [...read(file).matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
    (match) => JSON.parse(match[1] ?? '""') as string,
  );
  return queries.map((query) => query.replace(/\$\{?__\w+\}?/g, '5m').replace(/\$\{?\w+\}?/g, 'x'));
});

test('every query of the dashboards is PromQL over series that exist', () => {
  const unknown = panels.flatMap((query) => nodes(query, 'Identifier').filter((name) => !isKnown(name)));
  expect(unknown).toEqual([]);
});

test('a query with a mistake, or over an unknown series, would be noticed', () => {
  expect(() => nodes('sum(rate(fastpaca_raft_term[5m])', 'Identifier')).toThrow();
  expect(nodes('fastpaca_no_such_series > 0', 'Identifier').every(isKnown)).toBe(false);
});

test.each(rules.map((rule) => [rule.alert, rule] as const))(
  '%s has a severity, a summary, and a section of the page with its query',
  (alert, rule) => {
    const { labels, annotations, for: duration, ...others } = rule;
    expect(Object.keys(others)).toEqual(['alert', 'expr']);
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/\.$/);
    expect(duration ?? '1m').toMatch(/^\d+[sm]$/);
    const section = page.split(/^### /m).find((text) => text.includes(`\`${alert}\`, ${labels.severity}.`));
    expect(section).toContain(`\`\`\`promql\n${rule.expr}\n\`\`\``);
  },
);

test('Prometheus loads the rules and scrapes every node of the compose file, as the job of the alerts', () => {
  const prometheus = readYaml('docker/prometheus/prometheus.yml') as {
    rule_files: string[];
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  expect(prometheus.rule_files).toEqual(['alerts.yml']);
  const compose = readYaml('docker/compose.cluster.yml') as {
    services: Readonly<Record<string, { readonly build?: unknown }>>;
  };
  const names = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);
  expect(prometheus.scrape_configs).toMatchObject([
    { job_name: 'fastpaca', static_configs: [{ targets: names.map(([name]) => `${name}:4000`) }] },
  ]);
  const jobs = rules.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]*)"/g)].map((match) => match[1]));
  expect(new Set(jobs)).toEqual(new Set(['fastpaca']));
});

test('the dashboard shows every series of the archive', () => {
  const archive = [...known].filter((name) => name.startsWith('fastpaca_archive_'));
  const dashboard = read('docker/grafana/fastpaca.json');
  expect(archive.length).toBeGreaterThanOrEqual(14);
  expect(archive.filter((name) => !dashboard.includes(name))).toEqual([]);
});

test('Grafana finds Prometheus and the dashboards where the compose file puts them', () => {
  const compose = readYaml('docker/compose.cluster.yml') as {
    services: { grafana: { volumes: string[] } };
  };
  const sources = readYaml('docker/grafana/provisioning/datasources/prometheus.yml') as {
    datasources: { type: string; url: string }[];
  };
  expect(sources.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
  const dashboards = readYaml('docker/grafana/provisioning/dashboards/fastpaca.yml') as {
    providers: { options: { path: string } }[];
  };
  const mounted = compose.services.grafana.volumes.map((volume) => volume.split(':').slice(0, 2));
  expect(mounted).toContainEqual(['./grafana', dashboards.providers[0]?.options.path]);
  expect(mounted).toContainEqual(['./grafana/provisioning', '/etc/grafana/provisioning']);
});
