/** Prometheus's text format: every figure under its name, with its labels, buckets that add up. */
import t from 'tap';
import { Histogram } from '../../src/base/histogram.js';
import { type MetricSample, metricTable } from '../../src/base/metric-table.js';
import { metricsText } from '../../src/gateway/metrics-text.js';

function linesOf(...samples: MetricSample[]): string[] {
  return metricsText(samples).split('\n');
}

t.test('a counter and a gauge are one line each under their name', async (t) => {
  const lines = linesOf(
    ['bazar_member_up', ['order', 'order-3'], 1],
    ['bazar_leader_changes_total', ['order'], 4],
    ['bazar_member_up', ['order', 'order-1'], 0],
  );
  t.same(lines, [
    '# HELP bazar_member_up 1 if the member answers the health checks of this frontend.',
    '# TYPE bazar_member_up gauge',
    'bazar_member_up{group="order",member="order-3"} 1',
    'bazar_member_up{group="order",member="order-1"} 0',
    '# HELP bazar_leader_changes_total Leader changes that this frontend saw.',
    '# TYPE bazar_leader_changes_total counter',
    'bazar_leader_changes_total{group="order"} 4',
    '',
  ]);
});

t.test('a histogram’s buckets add up to its count', async (t) => {
  const { bounds } = metricTable.bazar_leader_outage_seconds;
  const outages = new Histogram(bounds ?? []);
  for (const seconds of [0.05, 0.07, 0.3, 1_000]) outages.observe(seconds);
  t.equal(outages.count, 4);
  const lines = linesOf(['bazar_leader_outage_seconds', ['order'], outages.values()]);
  const counts = lines.filter((line) => line.includes('_bucket')).map((line) => line.split(' ')[1]);
  t.same(counts, ['1', '2', '2', '3', '3', '3', '3', '3', '3', '3', '3', '3', '4']);
  t.ok(lines.includes('bazar_leader_outage_seconds_bucket{group="order",le="0.05"} 1'));
  t.ok(lines.includes('bazar_leader_outage_seconds_bucket{group="order",le="+Inf"} 4'));
  t.ok(lines.includes('bazar_leader_outage_seconds_sum{group="order"} 1000.42'));
  t.ok(lines.includes('bazar_leader_outage_seconds_count{group="order"} 4'));
});

t.test('a process that was asked twice is listed once', async (t) => {
  const rss: MetricSample = ['bazar_process_resident_memory_bytes', ['recovery-1'], 5];
  const lines = linesOf(rss, ['bazar_process_resident_memory_bytes', ['recovery-1'], 6]);
  t.same(lines.slice(2), ['bazar_process_resident_memory_bytes{service="recovery-1"} 5', '']);
});

t.test('labels are escaped, and an unknown metric of a newer service is left out', async (t) => {
  const odd = ['bazar_products', ['a"b\\c\nd'], 1] as const;
  t.ok(linesOf(odd).includes('bazar_products{service="a\\"b\\\\c\\nd"} 1'));
  const unknown = ['bazar_of_tomorrow', ['x'], 1] as unknown as MetricSample;
  t.same(linesOf(unknown), ['', '']);
});

t.test('names follow Prometheus’s conventions', async (t) => {
  for (const [name, kind] of Object.entries(metricTable)) {
    t.match(name, /^bazar_[a-z_]+$/);
    t.equal(name.endsWith('_total'), kind.type === 'counter', `${name}: counters, and they alone`);
    if (kind.type === 'histogram') t.match(name, /_seconds$/);
    t.match(kind.help, /\.$/);
  }
});
