/**
 * Coalesces the readers of an item that changes often, as in a flash sale. A reader waits for the end
 * of the current window; then one uncached read is sent for all readers of that window. The answer is
 * not cached, so a purchase does not wait until caches have dropped the item.
 * Invariant: an answer goes only to readers that arrived before its question was sent (A18).
 */
import type { Clock } from '../../base/clock.js';
import type { Ask } from '../types.js';
import { patienceMs } from './shared-questions.js';

/**
 * Coalescing starts at this number of concurrent readers. From here on it saves over 90 % of the
 * questions.
 */
const usualReadersMin = 16;
/**
 * The longest wait of a reader before its question is sent; a person does not notice it. A session
 * thread sends at most 250 questions a second about an item, for any number of readers.
 */
const windowMs = 4;

/** The answer to an uncached read. */
export interface UncachedRead {
  /** Changes with the item. */
  readonly version: number;
}

export interface RequestCoalescerOptions<Answer extends UncachedRead> {
  readonly clock: Clock;
  /** Number of concurrent readers at which coalescing starts; default: 16. */
  readonly readersMin?: number | undefined;
  /** The cached answer if it is current; then no question is sent. */
  kept(id: number): Answer | undefined;
  /** Sends an uncached read. */
  ask(id: number, ask: Ask): Promise<Answer>;
}

interface CoalescedItem<Answer> {
  window: Window<Answer>;
  /** Number of readers of the window before. */
  readersBefore: number;
  /** Version of the newest answer. */
  version: number | undefined;
  /** The version changed since the last window ended; `changedBefore`: in the window before. */
  changed: boolean;
  changedBefore: boolean;
}

interface Window<Answer> {
  readers: number;
  /** The context of the reader with the latest deadline. */
  ask: Ask | undefined;
  readonly end: Promise<Answer | undefined>;
  readonly close: (answer: Promise<Answer | undefined> | undefined) => void;
}

export class RequestCoalescer<Answer extends UncachedRead> {
  readonly #options: RequestCoalescerOptions<Answer>;
  readonly #readersMin: number;
  readonly #items = new Map<number, CoalescedItem<Answer>>();
  /** Time at which the pending question was sent, at most one for each item. */
  readonly #askedMs = new Map<number, number>();

  constructor(options: RequestCoalescerOptions<Answer>) {
    this.#options = options;
    this.#readersMin = options.readersMin ?? usualReadersMin;
  }

  get any(): boolean {
    return this.#items.size > 0;
  }

  has(id: number): boolean {
    return this.#items.has(id);
  }

  /**
   * Reports the number of concurrent readers of an item. Starts to coalesce them if there are enough,
   * unless an earlier question about the item is pending.
   */
  wanted(id: number, readers: number): void {
    if (readers < this.#readersMin || this.#items.has(id) || this.#askedMs.has(id)) return;
    const item: CoalescedItem<Answer> = {
      window: newWindow(),
      readersBefore: readers,
      version: undefined,
      changed: true,
      changedBefore: true,
    };
    this.#items.set(id, item);
    this.#awaitEnd(id, item);
  }

  /**
   * Returns the answer for all readers of this window, or undefined if the item is not coalesced.
   * Resolves to undefined if coalescing stops or the question fails; then each reader sends its own.
   */
  join(id: number, ask: Ask): Promise<Answer | undefined> | undefined {
    const window = this.#items.get(id)?.window;
    if (window === undefined) return undefined;
    window.readers++;
    if (ask.deadlineMs > (window.ask?.deadlineMs ?? 0)) window.ask = ask;
    return window.end;
  }

  #awaitEnd(id: number, item: CoalescedItem<Answer>): void {
    this.#options.clock.after(windowMs, () => this.#endWindow(id, item));
  }

  #endWindow(id: number, item: CoalescedItem<Answer>): void {
    const askedMs = this.#askedMs.get(id);
    const isWaiting = askedMs !== undefined;
    const hangs = isWaiting && this.#options.clock.nowMs() - askedMs >= patienceMs;
    if (hangs || (!isWaiting && !this.#isWorthIt(item))) {
      this.#items.delete(id);
      item.window.close(undefined);
      return;
    }
    // While a question is pending the window continues, so the next question serves more readers.
    if (!isWaiting) this.#serve(id, item);
    this.#awaitEnd(id, item);
  }

  /** Two windows in succession have enough readers, and the item changed in one of them. */
  #isWorthIt({ window, readersBefore, changed, changedBefore }: CoalescedItem<Answer>): boolean {
    return window.readers + readersBefore >= this.#readersMin && (changed || changedBefore);
  }

  #serve(id: number, item: CoalescedItem<Answer>): void {
    const { window } = item;
    item.readersBefore = window.readers;
    item.changedBefore = item.changed;
    item.changed = false;
    if (window.ask === undefined) return;
    // The window ends before the question is sent, so that later readers do not get this answer.
    item.window = newWindow();
    const kept = this.#options.kept(id);
    if (kept) {
      window.close(Promise.resolve(kept));
      this.#note(item, kept);
      return;
    }
    this.#askedMs.set(id, this.#options.clock.nowMs());
    // If the question fails, each reader asks again within its own deadline.
    const answer = this.#options.ask(id, window.ask).catch(() => undefined);
    window.close(answer);
    void answer.then((read) => {
      this.#askedMs.delete(id);
      if (read) this.#note(item, read);
    });
  }

  #note(item: CoalescedItem<Answer>, { version }: Answer): void {
    if (version !== item.version) item.changed = true;
    item.version = version;
  }
}

function newWindow<Answer>(): Window<Answer> {
  let close: Window<Answer>['close'] = () => {};
  const end = new Promise<Answer | undefined>((resolve) => {
    close = resolve;
  });
  return { readers: 0, ask: undefined, end, close };
}
