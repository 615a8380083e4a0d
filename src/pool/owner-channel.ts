/**
 * The thread's channel to its owner. The calls of one turn are sent as one record; a batch does not
 * wait for the one before. Invariant: a call is pending until its answer arrives or the channel
 * closes.
 */
import { assert } from '../base/assert.js';
import { BazarError, type WireError } from '../base/errors.js';
import { NumberMap } from '../base/number-map.js';
import { decode, encode } from '../wire/codec.js';
import type { OwnerLink } from './types.js';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: BazarError) => void;
}

const fieldsPerRecord = 3;

export class OwnerChannel implements OwnerLink {
  readonly #callsMax: number;
  readonly #schedule: () => void;
  readonly #pending = new NumberMap<Pending>();
  #queue: unknown[] = [];
  #lastId = 0;
  #closed = false;

  constructor(callsMax: number, schedule: () => void) {
    this.#callsMax = callsMax;
    this.#schedule = schedule;
  }

  call(operation: string, args: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new BazarError('unavailable', 'the owner is closing'));
      } else if (this.#pending.size >= this.#callsMax) {
        reject(new BazarError('overloaded', 'too many calls to the owner'));
      } else {
        const id = ++this.#lastId;
        this.#pending.set(id, { resolve, reject });
        this.#enqueue(id, operation, args);
      }
    });
  }

  tell(operation: string, args: unknown): void {
    if (!this.#closed) this.#enqueue(0, operation, args);
  }

  /** The calls since the last call of this method, or undefined if there are none. */
  gather(): Uint8Array | undefined {
    if (this.#queue.length === 0) return undefined;
    const queue = this.#queue;
    this.#queue = [];
    try {
      return encode(queue);
    } catch {
      return encode(this.#withoutUnencodable(queue));
    }
  }

  settle(bytes: Uint8Array): void {
    const fields = decode(bytes);
    assert(Array.isArray(fields), 'answers are a list');
    for (let at = 0; at < fields.length; at += fieldsPerRecord) {
      const id: number = fields[at];
      const error: WireError | null = fields[at + 1];
      const pending = this.#pending.get(id);
      assert(pending, 'an answer has its call');
      this.#pending.delete(id);
      if (error) pending.reject(BazarError.fromWire(error));
      else pending.resolve(fields[at + 2]);
    }
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    const error = new BazarError('unavailable', 'the owner is closing');
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  #enqueue(id: number, operation: string, args: unknown): void {
    if (this.#queue.length === 0) this.#schedule();
    this.#queue.push(id, operation, args ?? null);
  }

  /** An argument that cannot be encoded must not fail the other calls of its turn. */
  #withoutUnencodable(queue: readonly unknown[]): unknown[] {
    const out: unknown[] = [];
    for (let at = 0; at < queue.length; at += fieldsPerRecord) {
      const record = queue.slice(at, at + fieldsPerRecord);
      try {
        encode(record);
        out.push(...record);
      } catch (cause) {
        const id = Number(record[0]);
        const error = new BazarError('internal', 'the call cannot be encoded', { cause });
        this.#pending.get(id)?.reject(error);
        this.#pending.delete(id);
      }
    }
    return out;
  }
}
