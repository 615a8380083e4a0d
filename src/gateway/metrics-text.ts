/**
 * Formats metrics in Prometheus's text format (version 0.0.4), grouped by name as it requires.
 * Pure. Invariant: a name occurs once, and a combination of labels once under it.
 */
import { assert } from '../base/assert.js';
import {
  type MetricKind,
  type MetricName,
  type MetricSample,
  metricKind,
  metricTable,
} from '../base/metric-table.js';

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** Of two samples with the same name and labels the first counts: one process answered twice. */
export function metricsText(samples: readonly MetricSample[]): string {
  const byName = new Map<MetricName, Map<string, MetricSample>>();
  for (const sample of samples) {
    const [name, labels] = sample;
    if (!Object.hasOwn(metricTable, name)) continue;
    const own = byName.get(name) ?? new Map<string, MetricSample>();
    byName.set(name, own);
    const key = labels.join('\0');
    if (!own.has(key)) own.set(key, sample);
  }
  const lines: string[] = [];
  for (const name of Object.keys(metricTable) as MetricName[]) {
    const own = byName.get(name);
    if (!own) continue;
    const kind = metricKind(name);
    lines.push(`# HELP ${name} ${kind.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
    lines.push(`# TYPE ${name} ${kind.type}`);
    for (const [, labels, value] of own.values()) lines.push(...metric(name, kind, labels, value));
  }
  return `${lines.join('\n')}\n`;
}

function metric(
  name: string,
  kind: MetricKind,
  labels: readonly string[],
  value: number | readonly number[],
): string[] {
  const pairs = kind.labels.map((label, index) => `${label}="${escaped(labels[index] ?? '')}"`);
  if (typeof value === 'number') return [`${name}${braced(pairs)} ${number(value)}`];
  const bounds = [...(kind.bounds ?? []), Number.POSITIVE_INFINITY];
  assert(value.length === bounds.length + 1, `${name} has its buckets`);
  let count = 0;
  const lines = bounds.map((bound, index) => {
    count += value[index] ?? 0;
    return `${name}_bucket${braced([...pairs, `le="${number(bound)}"`])} ${count}`;
  });
  lines.push(`${name}_sum${braced(pairs)} ${number(value.at(-1) ?? 0)}`);
  lines.push(`${name}_count${braced(pairs)} ${count}`);
  return lines;
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function number(value: number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : String(value);
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
