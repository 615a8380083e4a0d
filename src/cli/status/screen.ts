/**
 * The whole terminal, for as long as something is watched: what stood there comes back at the end,
 * however it ends. Draws without flicker, and never more than fits.
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
  /** A process that ends in another way must not leave the terminal as it is now. */
  readonly #atExit = (): void => this.close();
  #open = true;

  /** @param quit called at q, Escape or Ctrl-C. */
  constructor(io: Io, quit: () => void) {
    this.#io = io;
    io.out(enter + wrapOff);
    this.#keys = new KeyReader(io, quit);
    process.on('exit', this.#atExit);
  }

  /** Cut to the height; lines that are too long are cut by the terminal. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const fitting = lines.slice(0, this.#io.size().rows);
    // After a line as wide as the terminal the cursor is on its last letter, which must stay.
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

/** Single keys, where there is a keyboard. */
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
