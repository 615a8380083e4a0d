/**
 * The log port: a message and named fields. Production writes pino's JSON lines; tests and the
 * simulator pass `silentLogger` or one of their own.
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

/** Travels to the threads by structured clone. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Standard error where there is none. */
  readonly file?: LogFileSettings | undefined;
}

/** JSON lines, written synchronously so that a crash loses none. */
export function createLogger(name: string, { level, file }: LogSettings): Logger {
  const options = { name, level, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(
    options,
    file === undefined ? pino.destination({ fd: 2, sync: true }) : new LogFile(file.path),
  );
}

const ignore = (): void => {};
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
