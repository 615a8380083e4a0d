/**
 * Streams the committed sales to the order leader (docs/PROTOCOL.md, section 5, step 4); other instances
 * stream the cancellations and the movements of stock, which have numbers of their own. Each
 * subscriber gets every sale from its starting number on, in order and without gaps. New sales are
 * gathered for some milliseconds, because each message costs the order group an entry and a
 * disk write. Sales are sent in the bytes that were encoded at apply. Uses no socket.
 */
import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { purchaseLimits } from '../../base/limits.js';
import type { SalesMessage } from '../../wire/internal.js';
import type { ReadonlyRuns } from '../machine/numbered-runs.js';

export type SalesSource = Pick<ReadonlyRuns, 'from' | 'watermark'>;

export interface Subscriber {
  /** False: the subscriber's customers wait for each sale, so none is gathered. */
  readonly gathers: boolean;
  send(sales: SalesMessage): void;
}

/** How long new ones are gathered for one message, and how many at most. */
export interface Gathering {
  readonly ms: number;
  readonly max: number;
}

const ofSales: Gathering = {
  ms: purchaseLimits.salesGatherMs,
  max: purchaseLimits.salesGathered,
};

interface Stream {
  next: number;
  confirmed: number;
}

export class SalesStream {
  readonly #source: SalesSource;
  readonly #clock: Clock;
  readonly #gathering: Gathering;
  readonly #streams = new Map<Subscriber, Stream>();
  #confirmed = 0;
  /** Sales that were applied since the last message. */
  #gathered = 0;
  #timer: Timer | undefined;

  constructor(source: SalesSource, clock: Clock, gathering = ofSales) {
    this.#source = source;
    this.#clock = clock;
    this.#gathering = gathering;
  }

  /** The highest number that an order leader has confirmed as a committed order. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /**
   * The caller has checked that `from` is above the watermark: sales up to the watermark may be
   * dropped, and a stream that begins there gets nothing and ends.
   */
  subscribe(subscriber: Subscriber, from: number): void {
    assert(from >= 1, 'sales are numbered from 1');
    const stream = { next: from, confirmed: from - 1 };
    this.#pull(subscriber, stream);
    // Registers the stream only after the first pull: a stream that fails must not stop the other
    // streams at apply.
    this.#streams.set(subscriber, stream);
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#streams.delete(subscriber);
  }

  /** The subscriber has committed all orders through `number`. */
  confirm(subscriber: Subscriber, number: number): void {
    const stream = this.#streams.get(subscriber);
    if (!stream || number >= stream.next) return;
    stream.confirmed = Math.max(stream.confirmed, number);
    this.#confirmed = Math.max(this.#confirmed, number);
    this.#pull(subscriber, stream);
  }

  /** So many new sales were applied. Sends them at once or gathers them for a while. */
  applied(count: number): void {
    this.#gathered += count;
    if (this.#gathered >= this.#gathering.max) {
      this.flush();
      return;
    }
    for (const [subscriber, stream] of this.#streams) {
      if (!subscriber.gathers) this.#pull(subscriber, stream);
      else this.#timer ??= this.#clock.after(this.#gathering.ms, () => this.flush());
    }
  }

  /** Sends what is gathered, as far as the window of each subscriber allows. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#gathered = 0;
    for (const [subscriber, stream] of this.#streams) this.#pull(subscriber, stream);
  }

  #pull(subscriber: Subscriber, stream: Stream): void {
    // These sales are orders already, so the subscriber no longer leads the order group.
    if (stream.next <= this.#source.watermark) {
      this.#streams.delete(subscriber);
      return;
    }
    while (stream.next - stream.confirmed <= purchaseLimits.salesWindow) {
      const sales = this.#source.from(stream.next, purchaseLimits.salesBatch);
      if (!sales) return;
      const [first, count] = sales;
      assert(first <= stream.next && stream.next < first + count, 'the stream has no gaps');
      stream.next = first + count;
      subscriber.send(sales);
    }
  }
}
