/**
 * Uses the whole terminal while a command watches something, and restores its contents at every
 * kind of exit. Draws without flicker, and never more lines than fit.
 */
import type { Io } from '../output/io.js';

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';
const home = '\x1b[H';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';

export class Screen {
  readonly #io: Io;
  readonly #keys: KeyReader;
  /** Restores the terminal if the process exits without `close`. */
  readonly #atExit = (): void => this.close();
  #open = true;

  /** @param quit called at q, Escape or Ctrl-C. */
  constructor(io: Io, quit: () => void) {
    this.#io = io;
    io.out(enter + wrapOff);
    this.#keys = new KeyReader(io, quit);
    process.on('exit', this.#atExit);
  }

  /** Draws as many lines as fit; the terminal cuts lines that are too long. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const fitting = lines.slice(0, this.#io.size().rows);
    // Clear before each line, not after it: after a full-width line the cursor is on the last
    // character and would clear it.
    const text = fitting.map((line) => clearToEndOfLine + line).join('\r\n');
    this.#io.out(home + text + clearBelow);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#atExit);
    this.#keys.close();
    this.#io.out(wrapOn + leave);
  }
}

const quitKeys = new Set(['q', 'Q', '\x1b', '\x03', '\x04']);

/** Reads single keys if standard input is a terminal. */
class KeyReader {
  readonly #stdin: Io['stdin'];
  readonly #listen: (key: Buffer | string) => void;
  readonly #hasKeyboard: boolean;

  constructor({ stdin }: Io, quit: () => void) {
    this.#stdin = stdin;
    this.#hasKeyboard = stdin.isTTY === true;
    this.#listen = (key) => {
      if (quitKeys.has(String(key))) quit();
    };
    if (!this.#hasKeyboard) return;
    stdin.setRawMode?.(true);
    stdin.on('data', this.#listen);
    stdin.resume();
  }

  close(): void {
    if (!this.#hasKeyboard) return;
    this.#stdin.off('data', this.#listen);
    this.#stdin.setRawMode?.(false);
    this.#stdin.pause();
  }
}
