/**
 * What a session holds of a frame that has not come whole and of answers that its peer does not read,
 * as its thread's budget counts it. Knows no connection. Invariant: a closed session holds nothing.
 */
import { BazarError } from '../base/errors.js';
import type { Holder, MemoryBudget } from '../base/memory-budget.js';

/** Unread answers below it are the business of a session that keeps up. */
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

  /** After each input. A frame that came whole starts the count of sweeps again. */
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

  /** Sweeps since the frame began that has not come whole. */
  sweep(): number {
    this.#sweeps = this.#partialBytes === 0 ? 0 : this.#sweeps + 1;
    return this.#sweeps;
  }

  /** The frame is long, and too much is held of others: it is not read on before there is room. */
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
