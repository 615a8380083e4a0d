/**
 * Items that a crowd reads while they change all the time, as when everybody wants the last pieces.
 * Whoever comes waits a moment, until one question is asked for all who wait, whose answer nobody keeps:
 * so those who buy wait for no cache to drop the item, and readers take no more of the machine than
 * their share. Knows neither questions nor caches. Invariant: an answer goes only to those who came
 * before it was asked for.
 */
import type { Clock } from '../base/clock.js';
import type { Ask } from './types.js';

const usualCrowd = 16;
/** Those who come in a burst are in one period. */
const periodMinMs = 1;
/** A question for so many readers is followed by the next after so long for each of them. */
const readMs = 0.07;
/** A timer that was late is made up for, so far. */
const arrearsMs = 4;
/** The item is hot no more when it has not changed for so long, or no crowd was there. */
const calmMs = 16;
/** Nor when so many questions are under way, for the services answer too slowly for this. */
const questionsMax = 16;

/** What a question was answered. */
export interface Glance {
  /** Another one for another state of the item. */
  readonly version: number;
}

export interface HotItemsOptions<Answer extends Glance> {
  readonly clock: Clock;
  /** So many readers of an item at a time are a crowd; default: 16. */
  readonly crowd?: number | undefined;
  /** What the cache has, if that is current: then there is nothing to ask. */
  kept(id: number): Answer | undefined;
  /** Nobody is to keep the answer. */
  ask(id: number, ask: Ask): Promise<Answer>;
}

/** An item for as long as it is hot. */
interface HotItem<Answer> {
  period: Period<Answer>;
  /** Before it the period does not end. */
  dueMs: number;
  /** Under way, and how many readers wait for them. */
  questions: number;
  asking: number;
  /** When a crowd was last there. */
  crowdMs: number;
  /** Of the newest answer, and since when answers tell it. */
  version: number | undefined;
  changedMs: number;
}

/** Who comes in it is served by the question at its end. */
interface Period<Answer> {
  readers: number;
  /** Of the most patient of them. */
  ask: Ask | undefined;
  readonly end: Promise<Answer | undefined>;
  readonly close: (answer: Promise<Answer | undefined> | undefined) => void;
}

export class HotItems<Answer extends Glance> {
  readonly #options: HotItemsOptions<Answer>;
  readonly #crowd: number;
  readonly #items = new Map<number, HotItem<Answer>>();

  constructor(options: HotItemsOptions<Answer>) {
    this.#options = options;
    this.#crowd = options.crowd ?? usualCrowd;
  }

  get any(): boolean {
    return this.#items.size > 0;
  }

  has(id: number): boolean {
    return this.#items.has(id);
  }

  /** So many want an answer of the services: a crowd makes the item hot. */
  wanted(id: number, by: number): void {
    if (by < this.#crowd || this.#items.has(id)) return;
    const nowMs = this.#options.clock.nowMs();
    const item: HotItem<Answer> = {
      period: newPeriod(),
      dueMs: nowMs,
      questions: 0,
      asking: 0,
      crowdMs: nowMs,
      version: undefined,
      changedMs: nowMs,
    };
    this.#items.set(id, item);
    this.#await(id, item, nowMs);
  }

  /**
   * The answer for all who come in this period. It is undefined where the item is not hot, and at the
   * end where it was hot no more or the question failed: then the reader is to look himself.
   */
  join(id: number, ask: Ask): Promise<Answer | undefined> | undefined {
    const period = this.#items.get(id)?.period;
    if (period === undefined) return undefined;
    period.readers++;
    if (ask.deadlineMs > (period.ask?.deadlineMs ?? 0)) period.ask = ask;
    return period.end;
  }

  #await(id: number, item: HotItem<Answer>, nowMs: number): void {
    const { clock } = this.#options;
    clock.after(Math.max(periodMinMs, item.dueMs - nowMs), () => {
      // It may have become hot anew since.
      if (this.#items.get(id) === item) this.#end(id, item);
    });
  }

  #end(id: number, item: HotItem<Answer>): void {
    const { period } = item;
    const nowMs = this.#options.clock.nowMs();
    if (period.readers + item.asking >= this.#crowd) item.crowdMs = nowMs;
    const calmSinceMs = Math.min(item.crowdMs, item.changedMs);
    if (nowMs - calmSinceMs >= calmMs || item.questions >= questionsMax) {
      this.#items.delete(id);
      period.close(undefined);
      return;
    }
    if (period.readers > 0) {
      item.period = newPeriod();
      item.dueMs = Math.max(item.dueMs, nowMs - arrearsMs) + period.readers * readMs;
      this.#ask(id, item, period);
    }
    this.#await(id, item, nowMs);
  }

  #ask(id: number, item: HotItem<Answer>, { readers, ask, close }: Period<Answer>): void {
    const { kept, ask: put, clock } = this.#options;
    const known = kept(id);
    const asked = known || ask === undefined ? Promise.resolve(known) : put(id, ask);
    // Where it failed each reader asks on, as long as he has time.
    const answer = asked.catch(() => undefined);
    close(answer);
    item.questions++;
    item.asking += readers;
    void answer.then((told) => {
      item.questions--;
      item.asking -= readers;
      if (told === undefined || told.version === item.version) return;
      item.version = told.version;
      item.changedMs = clock.nowMs();
    });
  }
}

function newPeriod<Answer>(): Period<Answer> {
  let close: Period<Answer>['close'] = () => {};
  const end = new Promise<Answer | undefined>((resolve) => {
    close = resolve;
  });
  return { readers: 0, ask: undefined, end, close };
}
