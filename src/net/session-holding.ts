/**
 * The memory that a session holds for a partial frame and for answers that its peer does not read, as
 * counted by its thread's budget. Does not depend on the connection. Invariant: a closed session holds
 * nothing.
 */
import { BazarError } from '../base/errors.js';
import type { Holder, MemoryBudget } from '../base/memory-budget.js';

/** Fewer unread bytes count as a session that keeps up. */
const unreadBytesMin = 65_536;

export class SessionHolding implements Holder {
  readonly #budget: MemoryBudget | undefined;
  readonly #close: (error: BazarError) => void;
  #partialBytes = 0;
  #unreadBytes = 0;
  #sweeps = 0;

  constructor(budget: MemoryBudget | undefined, close: (error: BazarError) => void) {
    this.#budget = budget;
    this.#close = close;
  }

  /** Called after each input. A complete frame resets the count of sweeps. */
  partial(bytes: number): void {
    if (bytes < this.#partialBytes || bytes === 0) this.#sweeps = 0;
    if (bytes === this.#partialBytes) return;
    this.#partialBytes = bytes;
    this.#count();
  }

  unread(bytes: number): void {
    const counted = bytes > unreadBytesMin ? bytes : 0;
    if (counted === this.#unreadBytes) return;
    this.#unreadBytes = counted;
    this.#count();
  }

  nothing(): void {
    this.partial(0);
    this.unread(0);
  }

  /** Counts a sweep and returns the sweeps since the partial frame began. */
  sweep(): number {
    this.#sweeps = this.#partialBytes === 0 ? 0 : this.#sweeps + 1;
    return this.#sweeps;
  }

  /** The frame is long and other sessions hold too much, so reading pauses until there is room. */
  get mustWait(): boolean {
    return this.#budget?.mustWait(this.#partialBytes) ?? false;
  }

  whenRoom(goOn: () => void): void {
    this.#budget?.whenRoom(this, goOn);
  }

  giveUp(): void {
    this.#close(new BazarError('overloaded', 'too much is held for slow clients'));
  }

  #count(): void {
    this.#budget?.set(this, this.#partialBytes + this.#unreadBytes);
  }
}
