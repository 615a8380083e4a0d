/**
 * The log port: a message and named fields. Production writes pino's JSON lines; tests and the simulator
 * pass `silentLogger` or their own.
 */
import { pino } from 'pino';
import { LogFile, type LogFileSettings } from './log-file.js';

export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof levels)[number];

/** Passed to the threads by structured clone. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Standard error if absent. */
  readonly file?: LogFileSettings | undefined;
}

/** JSON lines, written synchronously so that a crash loses none. */
export function createLogger(name: string, { level, file }: LogSettings): Logger {
  const options = { name, level, timestamp: pino.stdTimeFunctions.isoTime };
  const out = file === undefined ? pino.destination({ fd: 2, sync: true }) : new LogFile(file.path);
  return pino(options, { write: (line: string) => void out.write(escapeControls(line)) });
}

/** JSON does not escape these: controls above U+007E, line separators, and changes of direction. */
const unescaped = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Protects a terminal that shows the file. The line stays the same JSON. */
export function escapeControls(line: string): string {
  return line.replace(
    unescaped,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const ignore = (): void => {};
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
