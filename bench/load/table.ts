/** Reports as Markdown tables, for a terminal or a document. Pure. */
import type { Fact, LoadRow, Report } from './bench.js';
import type { Environment } from './environment.js';
import { shapeName } from './measure.js';

const loadHeads = [
  '',
  'conns × depth',
  '/s',
  '± %',
  'p50 ms',
  'p99 ms',
  'max ms',
  'CPU µs',
  '% of echo',
];
const factHeads = ['', 'value', 'unit'];

export function environmentText(environment: Environment): string {
  const { node, system, cpu, cores, memoryGiB, syncMs, dataInMemory } = environment;
  const disk = dataInMemory ? 'data in memory, NOT durable' : `fdatasync ${syncMs.toFixed(2)} ms`;
  return `Node ${node}, ${system}, ${cores} × ${cpu}, ${memoryGiB} GiB, ${disk}`;
}

export function reportText(name: string, report: Report): string {
  const parts = [`## ${name}`];
  if (report.rows.length > 0) parts.push(markdownTable(loadHeads, report.rows.map(loadCells)));
  if (report.facts.length > 0) parts.push(markdownTable(factHeads, report.facts.map(factCells)));
  parts.push(...report.problems.map((problem) => `PROBLEM: ${problem}`));
  return parts.join('\n\n');
}

export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = heads.map((head, column) => {
    return Math.max(3, head.length, ...rows.map((row) => row[column]?.length ?? 0));
  });
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => {
    return column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
  });
  return [line(heads), line(rule), ...rows.map(line)].join('\n');
}

function loadCells({ what, shape, median, spreadPercent, percentOfEcho }: LoadRow): string[] {
  return [
    what,
    shapeName(shape),
    Math.round(median.ratePerSecond).toLocaleString('en'),
    spreadPercent.toFixed(0),
    median.p50Ms.toFixed(3),
    median.p99Ms.toFixed(3),
    median.maxMs.toFixed(1),
    median.serverCpuUs?.toFixed(2) ?? '–',
    percentOfEcho?.toFixed(1) ?? '–',
  ];
}

function factCells({ what, value, unit }: Fact): string[] {
  return [what, value.toFixed(1), unit];
}
