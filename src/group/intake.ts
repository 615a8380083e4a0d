/**
 * Collects the requests of one turn of the event loop, so that they become one batch of entries and
 * one round of reads. The core bounds the amount by refusing excess.
 */
import type { Clock } from '../base/clock.js';
import type { Proposal, ReadWaiter } from './waiters.js';

export interface Gathered<Result> {
  readonly proposals: readonly Proposal<Result>[];
  readonly readers: readonly ReadWaiter[];
  /** Callers that want to know whether this member still leads. */
  readonly doubters: readonly ReadWaiter[];
}

export class Intake<Result> {
  readonly #clock: Clock;
  readonly #drain: () => void;
  #proposals: Proposal<Result>[] = [];
  #readers: ReadWaiter[] = [];
  #doubters: ReadWaiter[] = [];
  #scheduled = false;

  /** `drain` is called at the end of each turn with requests. */
  constructor(clock: Clock, drain: () => void) {
    this.#clock = clock;
    this.#drain = drain;
  }

  propose(proposal: Proposal<Result>): void {
    this.#proposals.push(proposal);
    this.#schedule();
  }

  read(reader: ReadWaiter): void {
    this.#readers.push(reader);
    this.#schedule();
  }

  confirm(doubter: ReadWaiter): void {
    this.#doubters.push(doubter);
    this.#schedule();
  }

  take(): Gathered<Result> {
    const gathered = {
      proposals: this.#proposals,
      readers: this.#readers,
      doubters: this.#doubters,
    };
    this.#proposals = [];
    this.#readers = [];
    this.#doubters = [];
    return gathered;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.afterTurn(() => {
      this.#scheduled = false;
      this.#drain();
    });
  }
}
