/**
 * Logs for people: reads the services' JSON lines, merges them by time, and goes on with what is
 * appended. A line that is no JSON (a stack, a warning) stays with the line before it.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, waitingClock } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Io } from './io.js';

const followEveryMs = 200;
/** More of a log than this is not read back. */
const tailBytesMax = 8 * 1024 * 1024;

export interface LogOptions {
  readonly name: string | undefined;
  readonly follow: boolean;
  readonly lines: number;
  readonly logDir: string;
}

interface LogFile {
  readonly name: string;
  readonly path: string;
  offset: number;
  /** Bytes of a line that is not finished. */
  rest: string;
  lastTime: string;
}

interface LogLine {
  readonly time: string;
  readonly text: string;
}

export async function showLogs(options: LogOptions, io: Io): Promise<void> {
  const files = new Map<string, LogFile>();
  discover(options, files, true);
  if (files.size === 0) throw new BazarError('not_found', `no logs in ${options.logDir}`);
  const past = [...files.values()].flatMap((file) => {
    const lines = readLines(file);
    return lines.slice(Math.max(0, lines.length - options.lines));
  });
  print(past, io);
  if (!options.follow) return;
  const stopped = io.interrupted();
  while (!stopped.aborted) {
    await sleep(waitingClock, followEveryMs);
    discover(options, files, false);
    print([...files.values()].flatMap(readLines), io);
  }
}

/** Finds the logs; one that appears while following is read from its beginning. */
function discover(options: LogOptions, files: Map<string, LogFile>, past: boolean): void {
  if (!existsSync(options.logDir)) return;
  for (const entry of readdirSync(options.logDir)) {
    const name = entry.replace(/\.log$/, '');
    if (name === entry || files.has(name)) continue;
    if (options.name !== undefined && options.name !== name) continue;
    const path = join(options.logDir, entry);
    const offset = past ? Math.max(0, statSync(path).size - tailBytesMax) : 0;
    files.set(name, { name, path, offset, rest: '', lastTime: '' });
  }
}

function readLines(file: LogFile): LogLine[] {
  const text = file.rest + readNew(file);
  const lines = text.split('\n');
  file.rest = lines.pop() ?? '';
  return lines.map((line) => {
    const read = readLine(line);
    file.lastTime = read?.time ?? file.lastTime;
    return { time: file.lastTime, text: `${file.name.padEnd(10)} ${read?.text ?? line}` };
  });
}

function readNew(file: LogFile): string {
  const size = statSync(file.path).size;
  // It was cut or replaced: begin anew.
  if (size < file.offset) file.offset = 0;
  const buffer = Buffer.alloc(Math.min(size - file.offset, tailBytesMax));
  const descriptor = openSync(file.path, 'r');
  try {
    const read = readSync(descriptor, buffer, 0, buffer.length, file.offset);
    file.offset += read;
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(descriptor);
  }
}

function print(lines: LogLine[], io: Io): void {
  if (lines.length === 0) return;
  // Stable: lines of one time stay in their order.
  const sorted = lines.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  io.out(`${sorted.map(({ text }) => text).join('\n')}\n`);
}

const levels = new Map([
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

/** Undefined where the line is no record of a logger. */
export function readLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { time, level, msg, name: _name, pid: _pid, hostname: _hostname, ...fields } = record;
  if (typeof time !== 'string') return undefined;
  const shown = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  const head = `${time} ${(levels.get(Number(level)) ?? String(level)).padEnd(5)} ${msg}`;
  return { time, text: [head, ...shown].join(' ') };
}

function fieldText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value) return String(value.stack);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
