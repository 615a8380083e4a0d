/** The comparison as Markdown tables. Pure. */
import { markdownTable } from '../load/table.js';
import { type Comparison, shapeText } from './compare.js';
import type { PeerSystem, SubjectName } from './peer.js';
import { type Cell, judge, ratiosOf } from './ratios.js';
import type { Usage } from './usage.js';

const none = '–';

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
  return [
    '## Purchases',
    purchaseTable(cells, labelOf),
    '## Context switches and CPU µs per purchase, by process',
    processTable(cells, labelOf),
    ...(verbose
      ? ['## By thread', threadTable(cells, labelOf), '## Idle', idleTable(comparison)]
      : []),
    '## Ratios',
    ratioTable(cells, labelOf),
    '## Required of the store',
    requiredTable(cells),
    ...problems.map((problem) => `PROBLEM: ${problem}`),
  ].join('\n\n');
}

type LabelOf = (name: SubjectName) => string;

function purchaseTable(cells: readonly Cell[], labelOf: LabelOf): string {
  const heads = ['', 'subject', '/s', 'p50 ms', 'p99 ms', 'CPU µs', 'switches'];
  const rows = cells.map(({ shape, subject, median }) => [
    shapeText(shape),
    labelOf(subject),
    Math.round(median.ratePerSecond).toLocaleString('en'),
    median.p50Ms.toFixed(3),
    median.p99Ms.toFixed(3),
    median.cpuUs?.toFixed(1) ?? none,
    median.switches?.toFixed(2) ?? none,
  ]);
  return markdownTable(heads, rows);
}

/** Of the run with the median of the context switches, so that the parts add up. */
function usageOf({ runs, median }: Cell): Usage | undefined {
  return runs.find(({ usage }) => usage?.switches === median.switches)?.usage;
}

function processTable(cells: readonly Cell[], labelOf: LabelOf): string {
  const rows = cells.map((cell) => {
    const parts = (usageOf(cell)?.processes ?? [])
      .filter(({ switches, cpuUs }) => switches >= 0.005 || cpuUs >= 0.05)
      .map(
        ({ name, switches, cpuUs }) => `${name} ${switches.toFixed(2)} (${cpuUs.toFixed(1)} µs)`,
      );
    return [shapeText(cell.shape), labelOf(cell.subject), parts.join(', ')];
  });
  return markdownTable(['', 'subject', 'by process'], rows);
}

function threadTable(cells: readonly Cell[], labelOf: LabelOf): string {
  const rows = cells.flatMap((cell) =>
    (usageOf(cell)?.processes ?? []).flatMap(({ name, threads }) =>
      threads
        .filter(({ switches, cpuUs }) => switches >= 0.005 || cpuUs >= 0.05)
        .map((thread) => [
          shapeText(cell.shape),
          labelOf(cell.subject),
          name,
          thread.count > 1 ? `${thread.name} × ${thread.count}` : thread.name,
          thread.switches.toFixed(2),
          thread.cpuUs.toFixed(1),
        ]),
    ),
  );
  return markdownTable(['', 'subject', 'process', 'thread', 'switches', 'CPU µs'], rows);
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
  const rows = ratiosOf(cells).map(({ shape, of, to, rate, p50 }) => [
    shapeText(shape),
    `${labelOf(of)} / ${labelOf(to)}`,
    rate.toFixed(2),
    p50?.toFixed(2) ?? none,
  ]);
  return markdownTable(['', 'of / to', 'rate', 'p50'], rows);
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
