/**
 * Reads one service's log: the last lines of what is there, and then what is appended, across the
 * turning over of its file. Beside it lies what the system said of a crash. Knows no format.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { type LogLine, readLine } from './log-line.js';

/** More of a log than this is not read back. */
const tailBytesMax = 8 * 1024 * 1024;
const turnedOverMax = 1_000;

interface Source {
  readonly path: string;
  inode: number;
  offset: number;
  /** Bytes of a line that is not finished. */
  rest: string;
}

export class LogReader {
  readonly #name: string;
  readonly #log: Source;
  readonly #crashes: Source;
  #lastTime = '';

  /** `logDir/name.log` and `logDir/name.stderr`, from their beginnings on. */
  constructor(name: string, log: string, crashes: string) {
    this.#name = name;
    this.#log = source(log);
    this.#crashes = source(crashes);
  }

  /** The last lines of all that is there; from here on `news` goes on. */
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

  /** What was appended since the last call. */
  news(): LogLine[] {
    return [...this.#readAll(this.#advance(this.#log)), ...this.#crashLines()];
  }

  /** When the file was turned over, the end of the old one comes first. */
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

  /** They have no time of their own, but the file tells when the last was written. */
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
  // It was cut: begin anew.
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
