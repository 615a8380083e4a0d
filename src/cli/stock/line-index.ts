/**
 * Finds the line of a byte in a text. CR, LF and CR LF end a line, also mixed in one text. Queries
 * only go forward, so the index forgets earlier lines.
 */

const lf = 0x0a;
const cr = 0x0d;

export class LineIndex {
  /** Offsets at which lines start; those before `#at` are no longer needed. */
  #starts: number[] = [0];
  #at = 0;
  #passed = 0;
  #bytes = 0;
  #afterCr = false;

  /** Adds the next bytes of the text. */
  add(bytes: Uint8Array): void {
    this.#starts = this.#starts.slice(this.#at);
    this.#passed += this.#at;
    this.#at = 0;
    for (const byte of bytes) {
      this.#bytes++;
      if (byte === lf && this.#afterCr) this.#starts[this.#starts.length - 1] = this.#bytes;
      else if (byte === lf || byte === cr) this.#starts.push(this.#bytes);
      this.#afterCr = byte === cr;
    }
  }

  /** The line number, from 1. `offset` must not be lower than in the query before. */
  lineAt(offset: number): number {
    while ((this.#starts[this.#at + 1] ?? Number.POSITIVE_INFINITY) <= offset) this.#at++;
    return this.#passed + this.#at + 1;
  }

  /** Offset at which the line of the last query starts. */
  get lineStart(): number {
    return this.#starts[this.#at] ?? 0;
  }
}
