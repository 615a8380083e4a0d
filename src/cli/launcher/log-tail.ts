/**
 * The last lines of a log from a position on, for an error message: only the messages, without
 * fields and stacks, which the log keeps. Reads a bounded part of the file.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { printable } from '../output/output.js';

const tailBytesMax = 16 * 1024;

export function logTail(path: string, from: number, lines: number): string {
  try {
    const text = readEnd(path, from).trimEnd();
    return text === '' ? '' : text.split('\n').slice(-lines).map(said).join('\n');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The reason that Node wrote to standard error when it ended the process, such as a full heap;
 * undefined if there is none or the file cannot be read.
 */
export function fatalReason(path: string, from: number): string | undefined {
  try {
    const [, reason] = /^FATAL ERROR: (.{1,200})/m.exec(readEnd(path, from)) ?? [];
    return reason === undefined ? undefined : printable(reason);
  } catch {
    return undefined;
  }
}

/** The text of a file from a position on, at most its last 16 KiB. */
function readEnd(path: string, from: number): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const start = Math.max(from, size - tailBytesMax);
  if (size <= start) return '';
  const buffer = Buffer.alloc(size - start);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, buffer.length, start);
  } finally {
    closeSync(file);
  }
  return buffer.toString('utf8');
}

/** For a record of the logger, its message and reason; any other line unchanged. */
function said(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, err, reason } = JSON.parse(line);
    if (typeof msg !== 'string') return line;
    const why = typeof reason === 'string' ? reason : err?.message;
    return typeof why === 'string' ? `${msg}: ${why}` : msg;
  } catch {
    return line;
  }
}
