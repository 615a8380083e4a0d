/**
 * The dashboard and the alarms use only existing metrics, with labels that these have.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type MetricName, metricKind, metricTable } from '../../src/base/metric-table.js';

const folder = new URL('../../../docs/operations/', import.meta.url);
const own = new Set(['le']);

/** The figure that a name in a query means: a histogram is asked for by its parts. */
function metricOf(name: string): MetricName | undefined {
  if (Object.hasOwn(metricTable, name)) return name as MetricName;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const isPart =
    Object.hasOwn(metricTable, base) && metricKind(base as MetricName).type === 'histogram';
  return isPart ? (base as MetricName) : undefined;
}

function labelsOf(name: string): Set<string> {
  const metric = metricOf(name);
  return new Set(metric ? [...metricKind(metric).labels, ...own] : []);
}

/** Queries, wherever they stand in the file. */
function queriesOf(file: string): string[] {
  const text = readFileSync(new URL(file, folder), 'utf8');
  if (!file.endsWith('.json')) return text.split(/^ {6}- alert: /m).slice(1);
  const { panels, annotations } = JSON.parse(text) as {
    panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    annotations: { readonly list: readonly { readonly expr: string }[] };
  };
  const targets = panels.flatMap(({ targets = [] }) => targets);
  return [...targets, ...annotations.list].map(({ expr }) => expr);
}

for (const file of ['grafana-dashboard.json', 'alerts.yml']) {
  t.test(`${file} uses only existing metrics`, async (t) => {
    const queries = queriesOf(file);
    t.ok(queries.length > 10);
    for (const query of queries) {
      const names = [...query.matchAll(/\bbazar_[a-z_]+/g)].map(([name]) => name);
      t.ok(names.length > 0, query);
      for (const name of names) t.ok(metricOf(name), `${name} in ${query}`);
      const selectors = query.matchAll(/(bazar_[a-z_]+)\{([^}]*)\}/g);
      for (const [, name = '', selector = ''] of selectors) {
        for (const [, label = ''] of selector.matchAll(/(\w+)(?:=~|!=|=)/g)) {
          t.ok(labelsOf(name).has(label), `${label} of ${name}`);
        }
      }
      for (const [, list = ''] of query.matchAll(/\bby \(([^)]*)\)/g)) {
        for (const label of list.split(',').map((each) => each.trim())) {
          t.ok(
            names.some((name) => labelsOf(name).has(label)),
            `${label} in ${query}`,
          );
        }
      }
    }
  });
}

t.test('the dashboard works in any Grafana: its data source is chosen there', async (t) => {
  const text = readFileSync(new URL('grafana-dashboard.json', folder), 'utf8');
  const uids = [...text.matchAll(/"type": "prometheus",\s*"uid": "([^"]*)"/g)].map(
    ([, uid]) => uid,
  );
  t.ok(uids.length > 20);
  t.same([...new Set(uids)], ['$' + '{datasource}']);
});
