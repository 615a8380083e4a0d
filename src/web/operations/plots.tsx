/** What customers experience: request rates, latency, and the hit rate of the caches. */
import { useMemo } from 'preact/hooks';
import { duration, percent, rate } from '../model/format.js';
import type { Kind } from '../model/timeline.js';
import { useCell } from '../store/cell.js';
import { timeline } from '../store/feed.js';
import { plots } from '../store/gauges.js';
import { type Line, type Mark, Plot } from './plot.js';

const requestLines: readonly Line[] = [
  { label: 'Look-ups', colour: '--line-1' },
  { label: 'Purchases', colour: '--line-2' },
];
const latencyLines: readonly Line[] = [
  { label: 'Look-up p50', colour: '--line-1-soft' },
  { label: 'Look-up p99', colour: '--line-1' },
  { label: 'Purchase p50', colour: '--line-2-soft' },
  { label: 'Purchase p99', colour: '--line-2' },
];
const hitLines: readonly Line[] = [{ label: 'Hit rate', colour: '--line-3' }];

export function Plots() {
  const { requests, latency, hitRate } = useCell(plots);
  const { entries } = useCell(timeline);
  const marks = useMemo(
    () => entries.flatMap(({ at, kind }) => markOf(Date.parse(at) / 1_000, kind)),
    [entries],
  );
  return (
    <div class="plots">
      <Plot
        title="Requests a second"
        lines={requestLines}
        series={requests}
        marks={marks}
        format={rate}
        atLeast={5}
      />
      <Plot
        title="Latency"
        lines={latencyLines}
        series={latency}
        marks={marks}
        format={duration}
        atLeast={100}
        powersFrom={0.01}
      />
      <Plot
        title="Cache"
        lines={hitLines}
        series={hitRate}
        marks={marks}
        format={asPercent}
        atLeast={100}
        atMost={100}
      />
    </div>
  );
}

/** Events that customers may notice: a service stopped, or a leader started. */
function markOf(time: number, kind: Kind): Mark[] {
  return kind === 'leader' || kind === 'down' ? [{ time, kind }] : [];
}

function asPercent(value: number): string {
  return percent(value / 100);
}
