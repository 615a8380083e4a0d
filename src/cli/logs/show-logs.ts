/**
 * Shows the logs of all services in order of time, and then follows them. A service whose log
 * appears later is shown from its first line.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, waitingClock } from '../../base/clock.js';
import { BazarError } from '../../base/errors.js';
import type { Io } from '../output/io.js';
import { printable } from '../output/output.js';
import { formatLine, type LogLine, lineAsJson, logLevels, type ShownLevel } from './log-line.js';
import { LogReader } from './log-reader.js';

const followEveryMs = 200;

export interface LogOptions {
  readonly name: string | undefined;
  readonly follow: boolean;
  readonly lines: number;
  /** Lines below this level are hidden. */
  readonly level: ShownLevel;
  readonly json: boolean;
  readonly logDir: string;
}

export async function showLogs(options: LogOptions, io: Io): Promise<void> {
  const readers = new Map<string, LogReader>();
  discover(options, readers);
  if (readers.size === 0 && !options.follow) {
    const whose = options.name === undefined ? '' : ` of ${options.name}`;
    throw new BazarError('not_found', `no logs${whose} in ${options.logDir}`);
  }
  const stopped = options.follow ? io.interrupted() : undefined;
  print(
    [...readers.values()].flatMap((reader) => reader.past(options.lines)),
    options,
    io,
  );
  while (stopped && !stopped.aborted) {
    await sleep(waitingClock, followEveryMs);
    discover(options, readers);
    print(
      [...readers.values()].flatMap((reader) => reader.news()),
      options,
      io,
    );
  }
}

function discover({ logDir, name: only }: LogOptions, readers: Map<string, LogReader>): void {
  if (!existsSync(logDir)) return;
  for (const entry of readdirSync(logDir)) {
    const name = /^(.+)\.(?:log|stderr)$/.exec(entry)?.[1];
    if (name === undefined || readers.has(name)) continue;
    if (only !== undefined && only !== name) continue;
    const file = (suffix: string): string => join(logDir, `${name}.${suffix}`);
    readers.set(name, new LogReader(name, file('log'), file('stderr')));
  }
}

function print(lines: readonly LogLine[], { level, json }: LogOptions, io: Io): void {
  const least = logLevels.indexOf(level);
  const shown = lines.filter((line) => logLevels.indexOf(line.level ?? 'fatal') >= least);
  if (shown.length === 0) return;
  // A stable sort keeps the order of lines with equal times.
  const sorted = shown.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const asJson = (line: LogLine): string =>
    io.terminal ? printable(lineAsJson(line)) : lineAsJson(line);
  const texts = sorted.map((line) => (json ? asJson(line) : formatLine(io, line)));
  io.out(`${texts.join('\n')}\n`);
}
