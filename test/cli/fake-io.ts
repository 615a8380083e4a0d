/** A world for commands under test: typed input, remembered output, an environment of its own. */
import { Readable } from 'node:stream';
import type { Io } from '../../src/cli/output/io.js';

export interface FakeIo extends Io {
  /** All data so far. */
  stdout(): string;
  /** All else so far. */
  stderr(): string;
  interrupt(): void;
}

export function fakeIo(
  given: {
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly terminal?: boolean;
  } = {},
): FakeIo {
  const out: string[] = [];
  const err: string[] = [];
  const controller = new AbortController();
  return {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    terminal: given.terminal === true,
    errTerminal: false,
    color: false,
    size: () => ({ columns: 100, rows: 24 }),
    stdin: Readable.from(given.input === undefined ? [] : [given.input]),
    env: given.env ?? {},
    interrupted: () => controller.signal,
    stdout: () => out.join(''),
    stderr: () => err.join(''),
    interrupt: () => controller.abort(),
  };
}
