/** Formats a line of a service's log for people: time, level, message, fields. Reads no file. */
import type { Io } from '../output/io.js';
import { printable, printableLines } from '../output/output.js';
import { paint, type Tone } from '../output/paint.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type ShownLevel = (typeof logLevels)[number];

const levelStep = 10;
const lowestLevel = 20;

const tones: Readonly<Record<ShownLevel, Tone | undefined>> = {
  debug: 'faint',
  info: undefined,
  warn: 'doubtful',
  error: 'bad',
  fatal: 'bad',
};

export interface LogLine {
  /** Name of the service. */
  readonly name: string;
  /** ISO 8601; a line without a time gets that of the line before. */
  readonly time: string;
  /** Undefined if the line is not a record of the logger; it then belongs to the line before. */
  readonly level?: ShownLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The raw line. */
  readonly raw: string;
}

export function readLine(name: string, raw: string, timeBefore: string): LogLine {
  const plain: LogLine = { name, time: timeBefore, message: raw, fields: {}, raw };
  if (!raw.startsWith('{')) return plain;
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(raw);
  } catch {
    return plain;
  }
  const { time, level, msg, name: _name, pid: _pid, hostname: _hostname, ...fields } = record;
  if (typeof time !== 'string') return plain;
  const shown = logLevels[Math.floor((Number(level) - lowestLevel) / levelStep)] ?? 'info';
  return { name, time, level: shown, message: String(msg), fields, raw };
}

export function formatLine(io: Pick<Io, 'color'>, line: LogLine): string {
  const { name, time, level, message, fields } = line;
  const head = paint(io, 'strong', printable(name).padEnd(10));
  if (level === undefined) return `${head} ${printable(message)}`;
  const said = [
    level.padEnd(5),
    printableLines(message),
    ...Object.entries(fields).map(([key, value]) => `${printable(key)}=${fieldText(value)}`),
  ].join(' ');
  const tone = tones[level];
  return `${head} ${paint(io, 'faint', printable(time))} ${tone === undefined ? said : paint(io, tone, said)}`;
}

/** One JSON document a line, also for raw lines that are not JSON. */
export function lineAsJson({ name, time, level, message, raw }: LogLine): string {
  return level === undefined ? JSON.stringify({ time, name, msg: message }) : raw;
}

function fieldText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value) {
    return printableLines(String(value.stack));
  }
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
