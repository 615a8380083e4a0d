/** The latency histogram against exact quantiles of the same values. */
import t from 'tap';
import { LatencyHistogram } from '../../bench/load/histogram.js';

t.test('quantiles are within 1.6 % of the exact ones', async (t) => {
  const histogram = new LatencyHistogram();
  const values = Array.from({ length: 10_000 }, (_, i) => 0.01 * 1.001 ** i);
  for (const ms of [...values].reverse()) histogram.record(ms);
  t.equal(histogram.count, values.length);
  for (const fraction of [0.001, 0.5, 0.9, 0.99, 0.999]) {
    const exact = values[Math.ceil(fraction * values.length) - 1] ?? 0;
    const off = Math.abs(histogram.quantileMs(fraction) / exact - 1);
    t.ok(off < 0.016, `quantile ${fraction} is off by ${off}`);
  }
});

t.test('the largest latency is exact, and no quantile exceeds it', async (t) => {
  const histogram = new LatencyHistogram();
  for (const ms of [0.1, 7.123_456, 1]) histogram.record(ms);
  t.equal(histogram.maxMs, 7.123_456);
  t.ok(histogram.quantileMs(1) <= 7.123_456);
});

t.test('zero and hours are counted, not lost', async (t) => {
  const histogram = new LatencyHistogram();
  for (const ms of [0, 10_000_000]) histogram.record(ms);
  t.equal(histogram.count, 2);
  t.equal(histogram.quantileMs(0.5), 0);
  t.ok(histogram.quantileMs(1) > 100_000);
});

t.test('a cleared histogram is empty', async (t) => {
  const histogram = new LatencyHistogram();
  histogram.record(5);
  histogram.clear();
  t.equal(histogram.count, 0);
  t.equal(histogram.maxMs, 0);
  t.equal(histogram.quantileMs(0.99), 0);
});
