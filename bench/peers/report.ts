/** The comparison as Markdown tables. Pure. */
import { markdownTable } from '../load/table.js';
import { type Comparison, shapeText } from './compare.js';
import type { PeerSystem, SubjectName } from './peer.js';
import { type Cell, hot, judge, ratiosOf, type Shape } from './ratios.js';
import type { Amount, ProcessUsage, Usage } from './usage.js';

const none = '–';

type LabelOf = (name: SubjectName) => string;

export function reportText(
  comparison: Comparison,
  systems: readonly PeerSystem[],
  verbose: boolean,
): string {
  const { cells, problems } = comparison;
  const labels = new Map(
    systems.flatMap(({ subjects }) => subjects.map(({ name, label }) => [name, label] as const)),
  );
  const labelOf = (name: SubjectName): string => labels.get(name) ?? name;
  const parts = [
    '## Purchases',
    purchaseTable(cells, labelOf),
    '## Context switches / CPU µs per purchase, by process',
    usageTable(cells, labelOf, ['process'], (process) => [[[process.name], process]]),
  ];
  if (verbose) {
    parts.push(
      '## Context switches / CPU µs per purchase, by thread',
      usageTable(cells, labelOf, ['process', 'thread'], threadsOf),
    );
  }
  parts.push('## Without load', idleTable(comparison));
  parts.push('## Ratios', ratioTable(cells, labelOf));
  parts.push('## Required of the store', requiredTable(cells));
  return [...parts, ...problems.map((problem) => `PROBLEM: ${problem}`)].join('\n\n');
}

function purchaseTable(cells: readonly Cell[], labelOf: LabelOf): string {
  const heads = ['', 'subject', '/s', 'p50 ms', 'p99 ms', 'CPU µs', 'switches', 'over idle'];
  const rows = cells.map(({ shape, subject, median }) => [
    shapeText(shape),
    labelOf(subject),
    Math.round(median.ratePerSecond).toLocaleString('en'),
    median.p50Ms.toFixed(3),
    median.p99Ms.toFixed(3),
    median.cpuUs?.toFixed(1) ?? none,
    median.switches?.toFixed(2) ?? none,
    median.switchesOverIdle?.toFixed(2) ?? none,
  ]);
  return markdownTable(heads, rows);
}

type Part = readonly [names: readonly string[], used: Amount];

/** One line for each part of a subject, one column for each shape. */
function usageTable(
  cells: readonly Cell[],
  labelOf: LabelOf,
  heads: readonly string[],
  partsOf: (process: ProcessUsage) => readonly Part[],
): string {
  const shapes = cells.map(({ shape }) => shapeCode(shape));
  const columns = shapes.filter((code, index) => shapes.indexOf(code) === index);
  const lines = new Map<string, { names: readonly string[]; byColumn: Map<string, Amount> }>();
  for (const cell of cells) {
    for (const process of usageOf(cell)?.processes ?? []) {
      for (const [names, used] of partsOf(process)) {
        const all = [labelOf(cell.subject), ...names];
        const line = lines.get(all.join()) ?? { names: all, byColumn: new Map() };
        line.byColumn.set(shapeCode(cell.shape), used);
        lines.set(all.join(), line);
      }
    }
  }
  const rows = [...lines.values()]
    .filter(({ byColumn }) => [...byColumn.values()].some(isVisible))
    .map(({ names, byColumn }) => [
      ...names,
      ...columns.map((column) => amountText(byColumn.get(column))),
    ]);
  return markdownTable(['subject', ...heads, ...columns], rows);
}

function threadsOf({ name, threads }: ProcessUsage): readonly Part[] {
  return threads.map((thread) => {
    const title = thread.count > 1 ? `${thread.name} × ${thread.count}` : thread.name;
    return [[name, title], thread];
  });
}

/** Of the run with the median of the context switches, so that the parts add up. */
function usageOf({ runs, median }: Cell): Usage | undefined {
  return runs.find(({ usage }) => usage?.switches === median.switches)?.usage;
}

function shapeCode({ items, connections }: Shape): string {
  return `${items === hot ? 'hot' : items.toLocaleString('en')} × ${connections}`;
}

/** Whether the table would show more than zeros. */
function isVisible({ switches, cpuUs }: Amount): boolean {
  return switches >= 0.005 || cpuUs >= 0.05;
}

function amountText(amount: Amount | undefined): string {
  return amount ? `${amount.switches.toFixed(2)} / ${amount.cpuUs.toFixed(1)}` : none;
}

function idleTable({ idle }: Comparison): string {
  const rows = Object.entries(idle).map(([name, { switches, cpuUs }]) => [
    name,
    Math.round(switches).toLocaleString('en'),
    (cpuUs / 1_000).toFixed(1),
  ]);
  return markdownTable(['', 'switches/s', 'CPU ms/s'], rows);
}

function ratioTable(cells: readonly Cell[], labelOf: LabelOf): string {
  const rows = ratiosOf(cells).map(({ shape, of, to, rate, rates, p50 }) => [
    shapeText(shape),
    `${labelOf(of)} / ${labelOf(to)}`,
    rate.toFixed(2),
    `${Math.min(...rates).toFixed(2)}–${Math.max(...rates).toFixed(2)}`,
    p50?.toFixed(2) ?? none,
  ]);
  return markdownTable(['', 'of / to', 'rate', 'rounds', 'p50'], rows);
}

function requiredTable(cells: readonly Cell[]): string {
  const rows = judge(cells).map(({ what, required, value, isMet }) => [
    what,
    required,
    value?.toFixed(2) ?? none,
    isMet === undefined ? 'not measured' : isMet ? 'yes' : 'NO',
  ]);
  return markdownTable(['', 'required', 'measured', 'met'], rows);
}
