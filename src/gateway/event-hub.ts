/**
 * The event listeners of one session thread. Each gets the events that it missed and then every new
 * event; the bytes are shared by all. A listener that reads too slowly is closed, because it can
 * reconnect and resume. Does not depend on HTTP. Invariant: a listener gets each event once, in
 * order.
 */
import { assert } from '../base/assert.js';
import { type Clock, every, type Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { EventBatch, EventSource } from '../frontend/types.js';
import type { AnswerSink } from './answer-stream.js';

const listenersMax = 200;
/** Maximum of unsent output for one listener; above it the listener is closed. */
const outputBytesMax = 256 * 1024;
/** Maximum of batches that may arrive before the owner has answered with a listener's start. */
const earlyMax = 64;
const heartbeatMs = 15_000;
/** Minimum interval of log lines about closed listeners. */
const logEveryMs = 10_000;
/** Interval at which this thread reports its listeners to the owner. */
const listeningEveryMs = 1_000;
/** Tells the browser how long to wait before it reconnects. */
const retryText = 'retry: 2000\n\n';

interface Listener {
  readonly sink: AnswerSink;
  /**
   * Events through this number are written; undefined until the owner has answered with the start.
   */
  through: number | undefined;
  /** Batches that arrived before the owner's answer. */
  early: EventBatch[];
}

export class EventHub {
  readonly #source: EventSource;
  readonly #listeners = new Set<Listener>();
  readonly #timers: readonly Timer[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  #closed = false;
  /** Closed listeners that are not logged yet. */
  #cut = 0;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(source: EventSource, clock: Clock, logger: Logger) {
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
    this.#timers = [
      every(clock, heartbeatMs, () => this.#beat()),
      every(clock, listeningEveryMs, () => {
        if (this.#listeners.size > 0) this.#source.listening();
      }),
    ];
  }

  /** Number of listeners. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Throws if the maximum of listeners is reached. */
  requirePlace(): void {
    if (this.#closed) throw new BazarError('unavailable', 'the frontend is stopping');
    if (this.#listeners.size < listenersMax) return;
    throw new BazarError('overloaded', 'too many listen already');
  }

  /**
   * Adds a listener after `requirePlace`; `lastId` is the last event it received, if it reconnects.
   */
  join(sink: AnswerSink, lastId: string | undefined, withHistory: boolean): void {
    const listener: Listener = { sink, through: undefined, early: [] };
    this.#listeners.add(listener);
    sink.onClosed(() => this.#listeners.delete(listener));
    sink.write(retryText);
    this.#source.begin(lastId, withHistory).then(
      (first) => this.#begin(listener, first),
      () => sink.end(),
    );
  }

  /** Takes new events of the owner. */
  publish(batch: EventBatch): void {
    for (const listener of this.#listeners) {
      if (listener.through !== undefined) this.#tell(listener, batch);
      else if (listener.early.length < earlyMax) listener.early.push(batch);
      else this.#cutOff(listener);
    }
  }

  /** Ends every stream. The listeners reconnect, to another frontend if there is one. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    for (const { sink } of this.#listeners) sink.end();
  }

  invariants(): void {
    assert(this.#listeners.size <= listenersMax, 'listeners are bounded');
    for (const { through, early } of this.#listeners) {
      assert(
        through === undefined || early.length === 0,
        'a started listener has no early batches',
      );
    }
  }

  #begin(listener: Listener, first: EventBatch): void {
    const { early } = listener;
    listener.early = [];
    listener.through = first.through;
    this.#write(listener, first.text);
    for (const batch of early) this.#tell(listener, batch);
  }

  #tell(listener: Listener, { through, text }: EventBatch): void {
    if (listener.through === undefined || through <= listener.through) return;
    listener.through = through;
    this.#write(listener, text);
  }

  #write(listener: Listener, text: string): void {
    const { sink } = listener;
    if (text === '') return;
    if (sink.pendingBytes > outputBytesMax) this.#cutOff(listener);
    else sink.write(text);
  }

  #cutOff({ sink }: Listener): void {
    sink.destroy();
    this.#cut++;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = nowMs;
    const fields = { listeners: this.#cut, pendingBytesMax: outputBytesMax };
    this.#cut = 0;
    this.#logger.warn(fields, 'listeners of /events read too slowly, and their streams are closed');
  }

  /** Keeps proxies from closing idle connections, and detects dead ones. */
  #beat(): void {
    for (const listener of this.#listeners) this.#write(listener, ':\n\n');
  }
}
