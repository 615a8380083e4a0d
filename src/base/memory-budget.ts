/**
 * One budget for what a thread's sessions hold of frames and bodies that have not come whole, and of
 * answers that nobody reads. When half of it is spent, long frames and bodies are not read on; when all
 * of it is spent, the session that has held something for longest gives up. Invariant: after `set`
 * returns, the sum is within the budget.
 */
export interface Holder {
  /** Frees what it holds, as by closing its session. */
  giveUp(): void;
}

/** Whoever holds no more reads on, whatever others hold. */
const waitingBytesMin = 65_536;

export class MemoryBudget {
  readonly #bytesMax: number;
  /** In the order in which they began to hold something. */
  readonly #held = new Map<Holder, number>();
  /** Holders that read on when there is room. */
  readonly #waiting = new Map<Holder, () => void>();
  /** The same, the newest last, and some that do not wait any more. */
  #stack: Holder[] = [];
  #total = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get total(): number {
    return this.#total;
  }

  /** A holder of so much does not read on before there is room. */
  mustWait(bytes: number): boolean {
    return bytes > waitingBytesMin && this.#isTight;
  }

  /**
   * `goOn` is called once when there is room, unless the holder holds nothing by then. The last to come
   * is the first to go on: among many that never send the rest, one that sends all is soon done.
   */
  whenRoom(holder: Holder, goOn: () => void): void {
    this.#waiting.set(holder, goOn);
    this.#stack.push(holder);
    if (this.#stack.length <= 2 * this.#waiting.size) return;
    this.#stack = this.#stack.filter((one) => this.#waiting.has(one));
  }

  /** To be called now and then: where some wait for room, those that have held for longest give up. */
  makeRoom(): void {
    while (this.#waiting.size > 0 && this.#isTight) this.#evict();
    this.#letGoOn();
  }

  /** What a holder holds now; 0: nothing any more. */
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
