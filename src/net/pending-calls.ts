/**
 * The requests of this side that the peer has not answered. One coarse timer serves all deadlines.
 * Invariant: each callback is called exactly once. If the outcome is unknown (the request was written,
 * no answer came), the error's details contain `unknown: true`.
 */
import type { Clock, Timer } from '../base/clock.js';
import { BazarError, type ErrorCode } from '../base/errors.js';
import { NumberMap } from '../base/number-map.js';

export type CallCallback = (error: BazarError | undefined, result: unknown) => void;

/** The same as a promise. */
export function called(ask: (callback: CallCallback) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((error, result) => {
      if (error === undefined) resolve(result);
      else reject(error);
    });
  });
}

export const callsMax = 65_536;
/** Deadlines this close together are handled at once. */
const sweepMs = 5;
const ids = 2 ** 32;

interface PendingCall {
  readonly serial: number;
  readonly deadlineMs: number;
  readonly callback: CallCallback;
}

export class PendingCalls {
  readonly #clock: Clock;
  readonly #calls = new NumberMap<PendingCall>();
  #serial = 0;
  /** The last call whose bytes were passed to the network. */
  #written = 0;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#calls.size;
  }

  /** Returns the id that the answer will have. */
  add(timeoutMs: number, callback: CallCallback): number {
    let serial = this.#serial + 1;
    while (this.#calls.has(serial % ids)) serial++;
    this.#serial = serial;
    const deadlineMs = this.#clock.nowMs() + timeoutMs;
    this.#calls.set(serial % ids, { serial, deadlineMs, callback });
    this.#wakeBy(deadlineMs);
    return serial % ids;
  }

  /** Removes a call and returns its callback, or undefined if the call is no longer pending. */
  take(id: number): CallCallback | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#calls.delete(id);
    return call.callback;
  }

  /** All calls so far have been passed to the network. */
  written(): void {
    this.#written = this.#serial;
  }

  failAll(code: ErrorCode, message: string, cause?: unknown): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    const calls = this.#calls.values();
    this.#calls.clear();
    for (const call of calls.sort(bySerial)) this.#fail(call, code, message, cause);
  }

  #fail(call: PendingCall, code: ErrorCode, message: string, cause?: unknown): void {
    const details = call.serial <= this.#written ? { unknown: true } : {};
    call.callback(new BazarError(code, message, { details, cause }), undefined);
  }

  #wakeBy(deadlineMs: number): void {
    if (deadlineMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = deadlineMs;
    const waitMs = Math.max(sweepMs, Math.ceil(deadlineMs - this.#clock.nowMs()));
    this.#timer = this.#clock.after(waitMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    const late: PendingCall[] = [];
    this.#calls.forEach((call) => {
      if (call.deadlineMs <= nowMs) late.push(call);
      else if (call.deadlineMs < nextMs) nextMs = call.deadlineMs;
    });
    for (const { serial } of late) this.#calls.delete(serial % ids);
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeBy(nextMs);
    for (const call of late.sort(bySerial))
      this.#fail(call, 'deadline_exceeded', 'no answer in time');
  }
}

/** The deadline passed before the request was sent, and it will not be sent (docs/PROTOCOL.md, A34). */
export function tooLateToSend(message: string): BazarError {
  return new BazarError('deadline_exceeded', message, { details: { unknown: false } });
}

/** In the order of the calls; ids wrap around. */
function bySerial(one: PendingCall, other: PendingCall): number {
  return one.serial - other.serial;
}
