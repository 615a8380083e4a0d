/**
 * The owner's handler for the calls of one thread. All calls that arrived together are passed on at
 * once, and all answers of a turn are sent back as one record. Does not depend on operations.
 * Invariant: every call is answered exactly once, unless its thread has ended.
 */
import { assert } from '../base/assert.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { decode, encode } from '../wire/codec.js';
import type { OwnerCall } from './types.js';

export interface CallHandlers {
  /** Takes all calls that arrived together; each must be replied to. */
  onCalls(calls: OwnerCall[]): void;
  onTell?: ((operation: string, args: unknown) => void) | undefined;
}

const fieldsPerRecord = 3;

export class CallHandler {
  readonly #handlers: CallHandlers;
  readonly #schedule: () => void;
  #answers: unknown[] = [];
  #outstanding = 0;

  constructor(handlers: CallHandlers, schedule: () => void) {
    this.#handlers = handlers;
    this.#schedule = schedule;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /**
   * Takes the arrived records. Tells are passed on one by one, before the calls that arrived with
   * them.
   */
  take(records: readonly Uint8Array[]): void {
    const calls: OwnerCall[] = [];
    for (const bytes of records) this.#read(bytes, calls);
    if (calls.length > 0) this.#handlers.onCalls(calls);
  }

  /** The answers since the last call, or undefined if there are none. */
  gather(): Uint8Array | undefined {
    if (this.#answers.length === 0) return undefined;
    const answers = this.#answers;
    this.#answers = [];
    try {
      return encode(answers);
    } catch {
      return encode(withoutUnencodable(answers));
    }
  }

  #read(bytes: Uint8Array, calls: OwnerCall[]): void {
    const fields = decode(bytes);
    assert(Array.isArray(fields), 'calls are a list');
    for (let at = 0; at < fields.length; at += fieldsPerRecord) {
      const id: unknown = fields[at];
      const operation: unknown = fields[at + 1];
      const args: unknown = fields[at + 2];
      assert(typeof id === 'number' && typeof operation === 'string', 'a call has id and name');
      if (id === 0) this.#handlers.onTell?.(operation, args);
      else calls.push(this.#call(id, operation, args));
    }
  }

  #call(id: number, operation: string, args: unknown): OwnerCall {
    let replied = false;
    this.#outstanding++;
    const reply = (error: Error | undefined, result?: unknown): void => {
      assert(!replied, 'a call is replied to once');
      replied = true;
      this.#outstanding--;
      if (this.#answers.length === 0) this.#schedule();
      if (error) this.#answers.push(id, toBazarError(error).toWire(), null);
      else this.#answers.push(id, null, result ?? null);
    };
    return { operation, args, reply };
  }
}

/** A result that cannot be encoded must not fail the other answers of its turn. */
function withoutUnencodable(answers: readonly unknown[]): unknown[] {
  const out: unknown[] = [];
  for (let at = 0; at < answers.length; at += fieldsPerRecord) {
    const record = answers.slice(at, at + fieldsPerRecord);
    try {
      encode(record);
      out.push(...record);
    } catch {
      const error = new BazarError('internal', 'the answer cannot be encoded');
      out.push(record[0], error.toWire(), null);
    }
  }
  return out;
}
