/**
 * A SHA-256 over values in one canonical form. Values are collected in a buffer, because many small
 * updates cost more than the hash. Each text and byte sequence is preceded by its length.
 */
import { createHash } from 'node:crypto';

const bufferBytes = 65_536;

export class StateHash {
  readonly #hash = createHash('sha256');
  readonly #buffer = Buffer.alloc(bufferBytes);
  #length = 0;

  number(value: number): void {
    if (this.#length + 8 > bufferBytes) this.#flush();
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    // A UTF-16 unit takes at most three UTF-8 bytes.
    if (3 * value.length > bufferBytes - 8) {
      this.bytes(Buffer.from(value));
      return;
    }
    if (this.#length + 8 + 3 * value.length > bufferBytes) this.#flush();
    const written = this.#buffer.write(value, this.#length + 8);
    this.#buffer.writeDoubleLE(written, this.#length);
    this.#length += 8 + written;
  }

  bytes(value: Uint8Array): void {
    this.number(value.byteLength);
    this.#flush();
    this.#hash.update(value);
  }

  /** Finishes the hash; no value can be added after it. */
  hex(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    if (this.#length > 0) this.#hash.update(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }
}
