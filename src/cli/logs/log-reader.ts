/**
 * Reads one service's log: its last lines, and then the appended lines, across a rotation of the
 * file. It also reads the crash output beside the log. Does not depend on the line format.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type LogLine, readLine } from './log-line.js';

/** Maximum bytes of a log that are read back. */
const tailBytesMax = 8 * 1024 * 1024;
const turnedOverMax = 1_000;

interface Source {
  readonly path: string;
  inode: number;
  offset: number;
  /** Bytes of an incomplete line. */
  rest: string;
}

export class LogReader {
  readonly #name: string;
  readonly #log: Source;
  readonly #crashes: Source;
  #lastTime = '';

  /** `logDir/name.log` and `logDir/name.stderr`, from the start of each file. */
  constructor(name: string, log: string, crashes: string) {
    this.#name = name;
    this.#log = source(log);
    this.#crashes = source(crashes);
  }

  /** The last lines of the existing files; `news` continues after them. */
  past(lines: number): LogLine[] {
    const texts = this.#advance(this.#log);
    for (let n = 1; texts.length < lines && n <= turnedOverMax; n++) {
      const older = source(`${this.#log.path}.${n}`);
      const earlier = readOn(older);
      if (earlier.length === 0) break;
      texts.unshift(...earlier);
    }
    const read = this.#readAll(texts.slice(Math.max(0, texts.length - lines)));
    return [...read, ...this.#crashLines().slice(-lines)];
  }

  /** The lines appended since the last call. */
  news(): LogLine[] {
    return [...this.#readAll(this.#advance(this.#log)), ...this.#crashLines()];
  }

  /** After a rotation, the rest of the old file comes first. */
  #advance(log: Source): string[] {
    const inode = statSync(log.path, { throwIfNoEntry: false })?.ino;
    const isSame = log.inode === 0 || inode === log.inode;
    if (inode === undefined || isSame) return readOn(log);
    const old = { ...log, path: `${log.path}.1` };
    const isOld = statSync(old.path, { throwIfNoEntry: false })?.ino === log.inode;
    const end = isOld ? readOn(old) : [];
    Object.assign(log, { inode, offset: 0, rest: '' });
    return [...end, ...readOn(log)];
  }

  #readAll(texts: readonly string[]): LogLine[] {
    return texts.map((text) => {
      const line = readLine(this.#name, text, this.#lastTime);
      this.#lastTime = line.time;
      return line;
    });
  }

  /** These lines have no time; use the time of the file's last write. */
  #crashLines(): LogLine[] {
    const written = statSync(this.#crashes.path, { throwIfNoEntry: false })?.mtime;
    if (!written) return [];
    const time = written.toISOString();
    return readOn(this.#crashes).map((text) => readLine(this.#name, text, time));
  }
}

function source(path: string): Source {
  return { path, inode: 0, offset: 0, rest: '' };
}

function readOn(from: Source): string[] {
  const text = from.rest + readNew(from);
  const lines = text.split('\n');
  from.rest = lines.pop() ?? '';
  return lines;
}

function readNew(from: Source): string {
  const stat = statSync(from.path, { throwIfNoEntry: false });
  if (!stat) return '';
  // The file was truncated: start from its beginning.
  if (stat.size < from.offset) from.offset = 0;
  if (from.inode === 0) from.offset = Math.max(0, stat.size - tailBytesMax);
  from.inode = stat.ino;
  const buffer = Buffer.alloc(Math.min(stat.size - from.offset, tailBytesMax));
  if (buffer.length === 0) return '';
  const descriptor = openSync(from.path, 'r');
  try {
    const read = readSync(descriptor, buffer, 0, buffer.length, from.offset);
    from.offset += read;
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(descriptor);
  }
}
