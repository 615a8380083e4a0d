/**
 * The input and output of a command: data, messages, standard input and the environment. Tests pass
 * their own. Below the entry, no other code reads `process` for these.
 */
import type { Readable } from 'node:stream';

export interface Io {
  /** Writes data: a whole text with its newlines. */
  out(text: string): void;
  /** Writes everything that is not data. */
  err(text: string): void;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** Standard error is a terminal: a progress bar may be drawn. */
  readonly errTerminal: boolean;
  readonly color: boolean;
  /** Current size of the terminal; it may change. */
  size(): { readonly columns: number; readonly rows: number };
  readonly stdin: Readable & {
    readonly isTTY?: boolean;
    setRawMode?(mode: boolean): unknown;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Aborts at the first SIGINT, SIGTERM or SIGHUP. After this call, these signals no longer end the
   * process.
   */
  interrupted(): AbortSignal;
}

export function systemIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  for (const stream of [stdout, stderr]) stream.on('error', leaveOnBrokenPipe);
  const terminal = stdout.isTTY === true;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    terminal,
    errTerminal: stderr.isTTY === true,
    color: terminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    size: () => ({ columns: stdout.columns ?? 100, rows: stdout.rows ?? 24 }),
    stdin,
    env,
    interrupted,
  };
}

/**
 * `bazar orders | head` ends without an error; a launcher continues when its terminal is closed.
 */
function leaveOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' && process.listenerCount('SIGTERM') === 0) process.exit(0);
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(signal));
  }
  return controller.signal;
}
