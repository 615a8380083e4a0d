/**
 * Which line a byte of a text stands on. CR, LF and CR LF end a line, also mixed in one text.
 * Queries go forward only, so that the index forgets lines that are passed.
 */

const lf = 0x0a;
const cr = 0x0d;

export class LineIndex {
  /** Offsets at which lines start; those before `#at` are passed. */
  #starts: number[] = [0];
  #at = 0;
  #passed = 0;
  #bytes = 0;
  #afterCr = false;

  /** Takes the next bytes of the text. */
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

  /** The number of the line, from 1 on. `offset` must not be below that of an earlier query. */
  lineAt(offset: number): number {
    while ((this.#starts[this.#at + 1] ?? Number.POSITIVE_INFINITY) <= offset) this.#at++;
    return this.#passed + this.#at + 1;
  }

  /** Where the line of the last query starts. */
  get lineStart(): number {
    return this.#starts[this.#at] ?? 0;
  }
}
