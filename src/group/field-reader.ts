/**
 * Reads the fields of a message between members by position. The sender is authenticated, but its
 * message is still checked: an unexpected shape throws invalid_argument.
 */
import { BazarError } from '../base/errors.js';
import type { Position } from '../consensus/types.js';

export type Fields = readonly unknown[];

export class FieldReader {
  readonly #fields: Fields;
  #next = 0;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  /** True if no field is left: an older build's message ends here. */
  get ended(): boolean {
    return this.#next >= this.#fields.length;
  }

  integer(): number {
    const value = this.#nextField();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw bad();
    return value;
  }

  optionalInteger(): number | undefined {
    if (this.#fields[this.#next] !== null) return this.integer();
    this.#next += 1;
    return undefined;
  }

  text(): string {
    const value = this.#nextField();
    if (typeof value !== 'string') throw bad();
    return value;
  }

  boolean(): boolean {
    const value = this.#nextField();
    if (typeof value !== 'boolean') throw bad();
    return value;
  }

  bytes(): Uint8Array {
    const value = this.#nextField();
    if (!(value instanceof Uint8Array)) throw bad();
    return value;
  }

  /** Reads a field that is itself a list of fields. */
  nested(): FieldReader {
    return new FieldReader(list(this.#nextField()));
  }

  position(): Position {
    return { epoch: this.integer(), seq: this.integer() };
  }

  #nextField(): unknown {
    const value = this.#fields[this.#next];
    this.#next += 1;
    return value;
  }
}

export function list(value: unknown): Fields {
  if (!Array.isArray(value)) throw bad();
  return value;
}

export function bad(): BazarError {
  return new BazarError('invalid_argument', 'this is no message of a member');
}
