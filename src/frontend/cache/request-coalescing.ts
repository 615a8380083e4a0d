/**
 * Items that a crowd reads while they change all the time, as when everybody wants the last pieces.
 * Whoever comes waits a moment, until one question is asked for all who wait, whose answer nobody
 * keeps: so those who buy wait for no cache to drop the item, and readers take no more of the machine
 * than their share. A crowd that was answered together comes back one by one; it is waited for, since
 * one question and one burst of answers for all of it cost less. Knows neither questions nor caches.
 * Invariant: an answer goes only to those who came before it was asked for.
 */
import type { Clock } from '../../base/clock.js';
import type { Ask } from '../types.js';

const usualCrowd = 16;
/** Those who come in a burst are in one period. */
const periodMinMs = 1;
/** The next question is put off by so long for each reader that the last one was for, */
const readMs = 0.093;
/** and by no more than this, however many they were. */
const periodMaxMs = 8;
/** Who is not back so long after the question was due is waited for no more. */
const stragglersMs = 2;
/** Of what a question came late, so much is made up for, whatever it was that kept it. */
const arrearsMs = 4;
/** The item is hot no more when it has not changed for at least so long, or no crowd was there. */
const calmMs = 16;
/** Nor is it when so many of its questions are under way, for the services answer too slowly. */
const questionsMax = 16;

/** What a question was answered. */
export interface UncachedRead {
  /** Another one for another state of the item. */
  readonly version: number;
}

export interface HotItemsOptions<Answer extends UncachedRead> {
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
  /** So many have been here of late. */
  expected: number;
  /** Readers whose question is under way. */
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
  /** What the most patient of them asks. */
  ask: Ask | undefined;
  readonly end: Promise<Answer | undefined>;
  readonly close: (answer: Promise<Answer | undefined> | undefined) => void;
}

export class HotItems<Answer extends UncachedRead> {
  readonly #options: HotItemsOptions<Answer>;
  readonly #crowd: number;
  readonly #items = new Map<number, HotItem<Answer>>();
  /** Questions under way, of items that are hot no more as well. */
  readonly #questions = new Map<number, number>();

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

  /** So many want an answer of the services: a crowd makes the item hot, unless it still asks. */
  wanted(id: number, by: number): void {
    if (by < this.#crowd || this.#items.has(id) || this.#questions.has(id)) return;
    const nowMs = this.#options.clock.nowMs();
    const item: HotItem<Answer> = {
      period: newPeriod(),
      dueMs: nowMs,
      expected: 0,
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
    const item = this.#items.get(id);
    if (item === undefined) return undefined;
    const { period } = item;
    period.readers++;
    if (ask.deadlineMs > (period.ask?.deadlineMs ?? 0)) period.ask = ask;
    if (period.readers === item.expected) this.#endWithTurn(id, item, period);
    return period.end;
  }

  /** The last of them is here; whoever comes in the same turn still counts. */
  #endWithTurn(id: number, item: HotItem<Answer>, period: Period<Answer>): void {
    const { clock } = this.#options;
    if (clock.nowMs() < item.dueMs) return;
    clock.afterTurn(() => {
      const isOver = this.#items.get(id) !== item || item.period !== period;
      if (!isOver && !this.#isSlow(id)) this.#end(id, item, period, clock.nowMs());
    });
  }

  #await(id: number, item: HotItem<Answer>, nowMs: number): void {
    const endMs = nowMs < item.dueMs ? item.dueMs : patientUntilMs(item);
    this.#options.clock.after(Math.max(periodMinMs, endMs - nowMs), () => this.#look(id, item));
  }

  #look(id: number, item: HotItem<Answer>): void {
    const { period } = item;
    const nowMs = this.#options.clock.nowMs();
    if (period.readers + item.asking >= this.#crowd) item.crowdMs = nowMs;
    const isCalm = nowMs - Math.min(item.crowdMs, item.changedMs) >= calmMs;
    if (isCalm || this.#isSlow(id)) {
      this.#items.delete(id);
      period.close(undefined);
      return;
    }
    if (nowMs >= patientUntilMs(item)) this.#end(id, item, period, nowMs);
    this.#await(id, item, nowMs);
  }

  #end(id: number, item: HotItem<Answer>, period: Period<Answer>, nowMs: number): void {
    if (period.ask === undefined) return;
    const crowd = period.readers + item.asking;
    if (crowd >= this.#crowd) item.crowdMs = nowMs;
    item.expected = crowd;
    item.period = newPeriod();
    this.#answer(id, item, period, period.ask, nowMs);
  }

  #isSlow(id: number): boolean {
    return (this.#questions.get(id) ?? 0) >= questionsMax;
  }

  #answer(
    id: number,
    item: HotItem<Answer>,
    { readers, close }: Period<Answer>,
    ask: Ask,
    nowMs: number,
  ): void {
    const kept = this.#options.kept(id);
    if (kept) {
      close(Promise.resolve(kept));
      this.#told(item, kept);
      return;
    }
    const dueMs = Math.max(item.dueMs, nowMs - arrearsMs) + readers * readMs;
    item.dueMs = Math.min(dueMs, nowMs + periodMaxMs);
    item.asking += readers;
    this.#count(id, 1);
    // Where it fails each reader asks on, as long as he has time.
    const answer = this.#options.ask(id, ask).catch(() => undefined);
    close(answer);
    void answer.then((told) => {
      item.asking -= readers;
      this.#count(id, -1);
      if (told) this.#told(item, told);
    });
  }

  #told(item: HotItem<Answer>, { version }: Answer): void {
    if (version === item.version) return;
    item.version = version;
    item.changedMs = this.#options.clock.nowMs();
  }

  #count(id: number, step: 1 | -1): void {
    const count = (this.#questions.get(id) ?? 0) + step;
    if (count === 0) this.#questions.delete(id);
    else this.#questions.set(id, count);
  }
}

/** When those who came are asked for, whoever else was expected. */
function patientUntilMs<Answer>({ period, expected, dueMs }: HotItem<Answer>): number {
  return period.readers >= expected ? dueMs : dueMs + stragglersMs;
}

function newPeriod<Answer>(): Period<Answer> {
  let close: Period<Answer>['close'] = () => {};
  const end = new Promise<Answer | undefined>((resolve) => {
    close = resolve;
  });
  return { readers: 0, ask: undefined, end, close };
}
