/**
 * Formats data: JSON for machines, otherwise a plain table that people can read and tools can
 * split. Money has two decimal places. Does not depend on a command.
 */
import type { Io } from './io.js';
import { paint, type Tone } from './paint.js';

/** A text may have a tone, for terminals with colour. */
export type Cell = string | number | { readonly text: string; readonly tone: Tone };

/** One JSON document and a newline. */
export function printJson(io: Io, value: unknown): void {
  io.out(`${toJson(value)}\n`);
}

/** `JSON.stringify` escapes the control characters below U+0020, but not U+007F to U+009F. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Columns of numbers are right-aligned. */
export async function printTable(
  io: Io,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  io.out(await formatTable(io, head, rows));
}

export async function formatTable(
  io: Pick<Io, 'color'>,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const none = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    side === 'left' || side === 'right' || side === 'mid'
      ? [side, `${side}-mid`]
      : [side, `${side}-mid`, `${side}-left`, `${side}-right`],
  );
  const chars = Object.fromEntries([...none, 'mid-mid'].map((name) => [name, '']));
  const table = new Table({
    head: head.map((title) => paint(io, 'strong', title)),
    chars: { ...chars, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: head.map((_title, i) => (isNumeric(rows, i) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map((cell) => shown(io, cell))));
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

export function money(amount: number): string {
  return amount.toFixed(2);
}

function isNumeric(rows: readonly (readonly Cell[])[], column: number): boolean {
  const first = rows.map((row) => row[column]).find((cell) => cell !== '');
  return typeof first === 'number' || (typeof first === 'string' && /^-?\d+\.\d\d$/.test(first));
}

function shown(io: Pick<Io, 'color'>, cell: Cell): string {
  if (typeof cell !== 'object') return printable(String(cell));
  return paint(io, cell.tone, printable(cell.text));
}

/**
 * Replaces control characters, because clients choose the texts in a store and must not control the
 * terminal.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are replaced.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�');
}

/** As `printable`, but keeps line breaks. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
