/**
 * The last lines of a log from a position on, for an error message: what the lines say, without
 * their fields and stacks, which the log keeps. Reads a bounded part alone.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const tailBytesMax = 16 * 1024;

export function logTail(path: string, from: number, lines: number): string {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= from) return '';
    const start = Math.max(from, size - tailBytesMax);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const file = openSync(path, 'r');
    try {
      readSync(file, buffer, 0, buffer.length, start);
    } finally {
      closeSync(file);
    }
    const text = buffer.toString('utf8').trimEnd();
    return text === '' ? '' : text.split('\n').slice(-lines).map(said).join('\n');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A record of the logger as its message and the reason in it; everything else as it is. */
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
