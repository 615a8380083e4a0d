/**
 * A session's share of its thread's turns: how much it has read since other sessions last had a chance
 * to go first. Without shared turns, as between services, it never waits.
 */
import { type WorkTurns, workUnits } from '../base/work-turns.js';
import type { SessionHolding } from './session-holding.js';
import type { Connection } from './types.js';

export class TurnShare {
  readonly #turns: WorkTurns | undefined;
  readonly #goOn: () => void;
  #portion = 0;
  #waiting = false;

  /** `goOn` is called when the awaited turn has come. */
  constructor(turns: WorkTurns | undefined, goOn: () => void) {
    this.#turns = turns;
    this.#goOn = () => {
      this.#waiting = false;
      goOn();
    };
  }

  get waiting(): boolean {
    return this.#waiting;
  }

  /** Other sessions go first. */
  get mustWait(): boolean {
    return this.#turns?.shouldYield ?? false;
  }

  wait(): void {
    this.#waiting = true;
    if (this.#turns) this.#turns.later(this.#goOn);
    else queueMicrotask(this.#goOn);
  }

  /** If the session must not continue before others hold less, it waits for that and for its turn. */
  waitForRoom(holding: SessionHolding, connection: Connection): void {
    if (this.#waiting || !holding.mustWait) return;
    this.#waiting = true;
    connection.pause();
    holding.whenRoom(() => this.wait());
  }

  /** The connection is read again; its input arrives in the next turn. */
  resumed(): void {
    this.#turns?.charge(workUnits.resume);
  }

  /** Bytes arrived: a frame or a part of one. */
  received(bytes: number): void {
    this.#turns?.charge(bytes >> 10);
  }

  /**
   * Counts a frame that was read; `answeredBytes` is 0 if its answer comes later. False: other sessions
   * go first.
   */
  took(answeredBytes: number): boolean {
    const turns = this.#turns;
    if (turns === undefined) return true;
    const answer = answeredBytes > 0 ? answeredBytes >> 10 : workUnits.openRequest;
    const units = 1 + answer;
    turns.charge(units);
    this.#portion += units;
    if (this.#portion < workUnits.portion) return true;
    this.#portion = 0;
    return !turns.shouldYield;
  }
}
