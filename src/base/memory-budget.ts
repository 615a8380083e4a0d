/**
 * One budget for what a thread's sessions hold of frames and bodies that have not come whole, and of
 * answers that nobody reads. When it is spent, the session that has held something for longest gives
 * up. Invariant: after `set` returns, the sum is within the budget.
 */
export interface Holder {
  /** Frees what it holds, as by closing its session. */
  giveUp(): void;
}

export class MemoryBudget {
  readonly #bytesMax: number;
  /** In the order in which they began to hold something. */
  readonly #held = new Map<Holder, number>();
  #total = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get total(): number {
    return this.#total;
  }

  /** What a holder holds now; 0: nothing any more. */
  set(holder: Holder, bytes: number): void {
    const before = this.#held.get(holder) ?? 0;
    if (bytes === before) return;
    this.#total += bytes - before;
    if (bytes === 0) this.#held.delete(holder);
    else this.#held.set(holder, bytes);
    while (this.#total > this.#bytesMax) this.#evict();
  }

  #evict(): void {
    const [oldest] = this.#held;
    if (oldest === undefined) return;
    const [holder, bytes] = oldest;
    this.#held.delete(holder);
    this.#total -= bytes;
    holder.giveUp();
  }
}
