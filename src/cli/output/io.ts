/**
 * What a command sees of the world outside: where data goes, where all else goes, what is typed,
 * and the environment. Tests pass their own; nothing below the entry reads `process` for these.
 */
import type { Readable } from 'node:stream';

export interface Io {
  /** Data, a whole text with its newlines. */
  out(text: string): void;
  /** Everything that is not data. */
  err(text: string): void;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** Standard error is a terminal: a progress bar may be drawn. */
  readonly errTerminal: boolean;
  readonly color: boolean;
  /** Of the terminal now; it may be resized. */
  size(): { readonly columns: number; readonly rows: number };
  readonly stdin: Readable & {
    readonly isTTY?: boolean;
    setRawMode?(mode: boolean): unknown;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts at the first SIGINT or SIGTERM; whoever asks takes over what the signal means. */
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

/** `bazar orders | head` ends quietly; a launcher whose terminal is gone goes on. */
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
