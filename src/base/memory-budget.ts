/**
 * One budget for the memory that a thread's sessions hold for partial frames and bodies, and for unread
 * answers. When half of it is used, reading of long frames and bodies pauses. When all of it is used,
 * the session that has held memory for longest is closed. Invariant: after `set` returns, the sum is
 * within the budget.
 */
export interface Holder {
  /** Frees the memory that it holds, for example by closing its session. */
  giveUp(): void;
}

/** A holder of at most this much continues, whatever others hold. */
const waitingBytesMin = 65_536;

export class MemoryBudget {
  readonly #bytesMax: number;
  /** In the order in which they began to hold memory. */
  readonly #held = new Map<Holder, number>();
  /** Holders that continue when there is room. */
  readonly #waiting = new Map<Holder, () => void>();
  /** The same, the newest last; also contains some that no longer wait. */
  #stack: Holder[] = [];
  #total = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get total(): number {
    return this.#total;
  }

  /** Whether a holder of this many bytes must wait for room. */
  mustWait(bytes: number): boolean {
    return bytes > waitingBytesMin && this.#isTight;
  }

  /**
   * Calls `goOn` once when there is room, unless the holder holds nothing by then. The newest continues
   * first: among many that never send the rest, one that sends all is done soon.
   */
  whenRoom(holder: Holder, goOn: () => void): void {
    this.#waiting.set(holder, goOn);
    this.#stack.push(holder);
    if (this.#stack.length <= 2 * this.#waiting.size) return;
    this.#stack = this.#stack.filter((one) => this.#waiting.has(one));
  }

  /**
   * Must be called from time to time: if some wait for room, those that have held for longest are
   * closed.
   */
  makeRoom(): void {
    while (this.#waiting.size > 0 && this.#isTight) this.#evict();
    this.#letGoOn();
  }

  /** Sets the memory that a holder holds; 0: none. */
  set(holder: Holder, bytes: number): void {
    const before = this.#held.get(holder) ?? 0;
    if (bytes === before) return;
    this.#total += bytes - before;
    if (bytes === 0) this.#forget(holder);
    else this.#held.set(holder, bytes);
    while (this.#total > this.#bytesMax) this.#evict();
    this.#letGoOn();
  }

  get #isTight(): boolean {
    return this.#total > this.#bytesMax / 2;
  }

  #letGoOn(): void {
    let room = this.#bytesMax / 2 - this.#total;
    while (room > 0 && this.#waiting.size > 0) {
      const holder = this.#stack.pop();
      const goOn = holder && this.#waiting.get(holder);
      if (holder === undefined || goOn === undefined) continue;
      this.#waiting.delete(holder);
      goOn();
      room -= waitingBytesMin;
    }
  }

  #forget(holder: Holder): void {
    this.#held.delete(holder);
    this.#waiting.delete(holder);
  }

  #evict(): void {
    const [oldest] = this.#held;
    if (oldest === undefined) return;
    const [holder, bytes] = oldest;
    this.#forget(holder);
    this.#total -= bytes;
    holder.giveUp();
  }
}
