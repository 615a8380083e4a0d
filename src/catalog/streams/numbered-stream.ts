/**
 * Streams numbered items to the order leader: one instance the committed sales (docs/PROTOCOL.md, section 5,
 * step 4), others the cancellations and the movements of stock. Each subscriber gets every item from its
 * starting number on, in order and without gaps. New items are gathered for some milliseconds, because each
 * message costs the order group an entry and a disk write. Items are sent in the bytes that were encoded at
 * apply. Uses no socket.
 */
import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { purchaseLimits } from '../../base/limits.js';
import type { SalesMessage } from '../../wire/internal.js';
import type { ReadonlyRuns } from '../machine/numbered-runs.js';

/** What the order book does not have yet. */
export type StreamSource = Pick<ReadonlyRuns, 'from' | 'watermark'>;

export interface Subscriber {
  /** False: the subscriber's customers wait for each item, so none is gathered. */
  readonly gathers: boolean;
  send(run: SalesMessage): void;
}

/** How long new items are gathered for one message, and how many at most. */
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

export class NumberedStream {
  readonly #source: StreamSource;
  readonly #clock: Clock;
  readonly #gathering: Gathering;
  readonly #streams = new Map<Subscriber, Stream>();
  #confirmed = 0;
  /** Items that were applied since the last message. */
  #gathered = 0;
  #timer: Timer | undefined;

  constructor(source: StreamSource, clock: Clock, gathering = ofSales) {
    this.#source = source;
    this.#clock = clock;
    this.#gathering = gathering;
  }

  /** The highest number that an order leader has confirmed as committed in the order book. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /**
   * The caller has checked that `from` is above the watermark: items up to the watermark may be
   * dropped, and a stream that begins there gets nothing and ends.
   */
  subscribe(subscriber: Subscriber, from: number): void {
    assert(from >= 1, 'items are numbered from 1');
    const stream = { next: from, confirmed: from - 1 };
    this.#pull(subscriber, stream);
    // Registers the stream only after the first pull: a stream that fails must not stop the other
    // streams at apply.
    this.#streams.set(subscriber, stream);
  }

  unsubscribe(subscriber: Subscriber): void {
    this.#streams.delete(subscriber);
  }

  /** The subscriber has committed all items through `number`. */
  confirm(subscriber: Subscriber, number: number): void {
    const stream = this.#streams.get(subscriber);
    if (!stream || number >= stream.next) return;
    stream.confirmed = Math.max(stream.confirmed, number);
    this.#confirmed = Math.max(this.#confirmed, number);
    this.#pull(subscriber, stream);
  }

  /** So many new items were applied. Sends them at once or gathers them for a while. */
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
    // The order book has these items already, so the subscriber no longer leads the order group.
    if (stream.next <= this.#source.watermark) {
      this.#streams.delete(subscriber);
      return;
    }
    while (stream.next - stream.confirmed <= purchaseLimits.salesWindow) {
      const run = this.#source.from(stream.next, purchaseLimits.salesBatch);
      if (!run) return;
      const [first, count] = run;
      assert(first <= stream.next && stream.next < first + count, 'the stream has no gaps');
      stream.next = first + count;
      subscriber.send(run);
    }
  }
}
