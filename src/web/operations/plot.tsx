/**
 * One live plot: lines over the last minutes, with a mark for each event of the services. It owns its
 * uPlot; the caller chooses data and labels.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Series } from '../model/series.js';
import { theme } from '../parts/theme.js';
import { useCell } from '../store/cell.js';

export interface Line {
  readonly label: string;
  /** The name of a colour of the style sheet, for example `--line-1`. */
  readonly colour: string;
}

export interface Mark {
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: 'leader' | 'down';
}

export interface PlotProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly series: Series;
  readonly marks: readonly Mark[];
  readonly format: (value: number) => string;
  /** The upper end of the scale is at least this. */
  readonly atLeast: number;
  /** The upper end of the scale is at most this. */
  readonly atMost?: number;
  /** If given, the scale uses powers of ten from here on. */
  readonly powersFrom?: number;
}

const heightPx = 150;
const windowS = 180;

export function Plot(props: PlotProps) {
  const { title, lines, series, marks, format } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const drawnMarks = useRef(marks);
  drawnMarks.current = marks;
  const [hovered, setHovered] = useState<number>();
  const colours = useCell(theme);
  const names = lines.map((line) => line.colour).join(' ');

  // Redrawn when its colours change; data follow after that.
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const drawn = new uPlot(
      {
        width: box.clientWidth,
        height: heightPx,
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false, x: false, y: false } },
        scales: {
          x: { range: windowOf },
          y: valueScale(props),
        },
        axes: [timeAxis(), valueAxis(props)],
        series: [{}, ...lines.map((line) => drawnLine(line))],
        hooks: {
          drawClear: [(one) => drawMarks(one, drawnMarks.current)],
          setCursor: [(one) => setHovered(one.cursor.idx ?? undefined)],
        },
      },
      columnsOf(series),
      box,
    );
    plot.current = drawn;
    const sizes = new ResizeObserver(() => {
      drawn.setSize({ width: box.clientWidth, height: heightPx });
    });
    sizes.observe(box);
    return () => {
      sizes.disconnect();
      drawn.destroy();
    };
  }, [colours, names]);

  useEffect(() => {
    plot.current?.setData(columnsOf(series));
  }, [series]);

  const at = hovered ?? series.times.length - 1;
  const values = lines.map((_line, index) => series.columns[index]?.[at] ?? undefined);
  const words = useMemo(
    () => `${title}: ${lines.map((line) => line.label).join(', ')}, over the last three minutes`,
    [title, lines],
  );
  return (
    <figure class="plot panel">
      <figcaption>
        <h2>{title}</h2>
        <dl class="plot-values">
          {lines.map((line, index) => (
            <div key={line.label}>
              <dt>
                <span
                  class="plot-key"
                  style={{ '--key': `var(${line.colour})` }}
                  aria-hidden="true"
                />
                {line.label}
              </dt>
              <dd>{values[index] === undefined ? '–' : format(values[index])}</dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div class="plot-canvas" ref={place} role="img" aria-label={words} />
    </figure>
  );
}

function columnsOf({ times, columns }: Series): uPlot.AlignedData {
  return [[...times], ...columns.map((column) => [...column])];
}

/** From zero, or from a power of ten, to slightly above the values shown. */
function valueScale({
  atLeast,
  atMost = Number.POSITIVE_INFINITY,
  powersFrom,
}: PlotProps): uPlot.Scale {
  if (powersFrom === undefined) {
    return {
      range: (_plot, _min, max) => [0, Math.min(Math.max((max ?? 0) * 1.15, atLeast), atMost)],
    };
  }
  const powerAbove = (value: number): number => 10 ** Math.ceil(Math.log10(value));
  return {
    distr: 3,
    range: (_plot, _min, max) => [powersFrom, powerAbove(Math.max(max ?? 0, atLeast))],
  };
}

/** The last minutes; they end now until data were read. */
function windowOf({ data: [times] }: uPlot): [number, number] {
  const last = times.at(-1) ?? Date.now() / 1_000;
  return [last - windowS, last];
}

function drawnLine({ label, colour }: Line): uPlot.Series {
  return {
    label,
    stroke: () => styled(colour),
    width: 1.75,
    points: { show: false },
    spanGaps: false,
  };
}

function timeAxis(): uPlot.Axis {
  return {
    ...axisLook(),
    size: 24,
    space: 70,
    values: (_plot, times) => times.map((time) => clockOf(time)),
  };
}

function valueAxis({ format, powersFrom }: PlotProps): uPlot.Axis {
  const look = axisLook();
  const values = (_plot: uPlot, splits: (number | null)[]): string[] =>
    splits.map((value) => (value === null ? '' : format(value)));
  if (powersFrom === undefined) return { ...look, size: 52, space: 34, values };
  // A line between two powers of ten adds no information.
  const filter = (_plot: uPlot, splits: readonly number[]): (number | null)[] =>
    splits.map((value) => (Number.isInteger(roundedPower(value)) ? value : null));
  return { ...look, size: 52, values, filter, grid: { ...look.grid, filter } };
}

function roundedPower(value: number): number {
  return Math.round(Math.log10(value) * 1e6) / 1e6;
}

function axisLook(): uPlot.Axis {
  return {
    font: '11px system-ui, sans-serif',
    stroke: () => styled('--quiet'),
    grid: { stroke: () => styled('--line'), width: 1 },
    ticks: { show: false },
    gap: 6,
  };
}

/** Drawn behind the lines: a solid line when a service stopped, a dashed one when a leader started. */
function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const { time, kind } of marks) {
    if (time < (min ?? 0) || time > (max ?? 0)) continue;
    const x = Math.round(plot.valToPos(time, 'x', true));
    ctx.setLineDash(kind === 'leader' ? [3 * devicePixelRatio, 3 * devicePixelRatio] : []);
    ctx.strokeStyle = styled(kind === 'leader' ? '--lead' : '--bad');
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function styled(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function clockOf(seconds: number): string {
  const moment = new Date(seconds * 1_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}
