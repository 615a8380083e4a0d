/**
 * The listeners of one session thread: each is told what it missed and then every new event, in the
 * same bytes for all. A listener that reads too slowly is cut, for it can come back and go on where
 * it was. Knows no HTTP. Invariant: a listener is told each event once, in order.
 */
import { assert } from '../base/assert.js';
import { type Clock, every, type Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import type { Logger } from '../base/logging.js';
import type { EventBatch, EventSource } from '../frontend/types.js';
import type { AnswerSink } from './answer-stream.js';

const listenersMax = 200;
/** Output waiting for one listener; beyond it the listener is cut. */
const outputBytesMax = 256 * 1024;
/** Batches that may come before the owner has said where a listener stands. */
const earlyMax = 64;
const heartbeatMs = 15_000;
/** The log says so seldom that listeners were cut. */
const logEveryMs = 10_000;
/** How often the owner hears that somebody listens here. */
const listeningEveryMs = 1_000;
/** How long a browser waits before it comes back, as the stream tells it. */
const retryText = 'retry: 2000\n\n';

interface Listener {
  readonly sink: AnswerSink;
  /** Events through this number were written; undefined until the owner has said where it stands. */
  through: number | undefined;
  /** What came meanwhile. */
  early: EventBatch[];
}

export class EventHub {
  readonly #source: EventSource;
  readonly #listeners = new Set<Listener>();
  readonly #timers: readonly Timer[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  #closed = false;
  /** Listeners that the log has not named yet. */
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

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /** Throws where no more may listen. */
  requirePlace(): void {
    if (this.#closed) throw new BazarError('unavailable', 'the frontend is stopping');
    if (this.#listeners.size < listenersMax) return;
    throw new BazarError('overloaded', 'too many listen already');
  }

  /** A listener with a place; `lastId` is what it heard last, where it comes back. */
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

  /** New events of the owner. */
  publish(batch: EventBatch): void {
    for (const listener of this.#listeners) {
      if (listener.through !== undefined) this.#tell(listener, batch);
      else if (listener.early.length < earlyMax) listener.early.push(batch);
      else this.#cutOff(listener);
    }
  }

  /** Ends every stream; the listeners come back, to another frontend where there is one. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    for (const { sink } of this.#listeners) sink.end();
  }

  invariants(): void {
    assert(this.#listeners.size <= listenersMax, 'listeners are bounded');
    for (const { through, early } of this.#listeners) {
      assert(through === undefined || early.length === 0, 'who stands somewhere waits for nothing');
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

  /** Keeps what lies between from closing the connection, and finds out who is gone. */
  #beat(): void {
    for (const listener of this.#listeners) this.#write(listener, ':\n\n');
  }
}
