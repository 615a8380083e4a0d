/**
 * Shares a thread's time among its sessions: a turn of the event loop does a bounded amount of work,
 * and what is left waits in one queue, in order, for the next turn. So new connections are accepted
 * between two turns, and a session with much to do waits behind those with little. Invariant: what is
 * read in a turn, and what waited for it, each charge at most the limit and one portion more.
 */
import { systemTurn, type Turn } from './turn.js';

/** Work is counted in units: a short frame, or a KiB that is read or answered. */
export const workUnits = {
  /** In one turn: some milliseconds. */
  turnMax: 4_096,
  /** In a turn in which a connection came, for others may wait to be accepted: one comes in a turn. */
  acceptingTurnMax: 64,
  /** What one session does before others that wait. */
  portion: 32,
  /** A request that is not answered in its own turn, beside its bytes. */
  openRequest: 8,
  /** A connection is read again. */
  resume: 32,
  /** An HTTP request. */
  httpRequest: 64,
} as const;

/** Requests under way in one thread, of all sessions; and in one session while there are more. */
export const crowdLimits = { underWayMax: 1_024, sessionMax: 4 } as const;

export class WorkTurns {
  /** Requests that are not answered yet. */
  underWay = 0;
  readonly #turn: Pick<Turn, 'afterTurn' | 'nextTurn'>;
  #waiting: (() => void)[] = [];
  #done = 0;
  /** Budgets yet to come that are short, since a connection was accepted. */
  #shortBudgets = 0;
  #isTurnOpen = false;
  #isScheduled = false;

  constructor(turn: Pick<Turn, 'afterTurn' | 'nextTurn'> = systemTurn) {
    this.#turn = turn;
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A session that has more to do lets others go first. */
  get shouldYield(): boolean {
    return this.#waiting.length > 0 || this.#isSpent;
  }

  /** May a session with so many requests under way begin another? */
  mayBegin(underWay: number): boolean {
    return this.underWay < crowdLimits.underWayMax || underWay < crowdLimits.sessionMax;
  }

  /** True where the task ran at once; else it runs in a later turn. */
  run(task: () => void): boolean {
    if (this.shouldYield) {
      this.later(task);
      return false;
    }
    task();
    return true;
  }

  /** The task runs after all that wait. */
  later(task: () => void): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  /** So much was done. */
  charge(units: number): void {
    this.#openTurn();
    this.#done += units;
  }

  /** A connection was accepted: this turn ends soon. */
  accepted(): void {
    this.#openTurn();
    // The rest of this turn, what waits behind it, and the next.
    this.#shortBudgets = 3;
  }

  get #isSpent(): boolean {
    const isShort = this.#shortBudgets > 0;
    return this.#done >= (isShort ? workUnits.acceptingTurnMax : workUnits.turnMax);
  }

  #openTurn(): void {
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    this.#turn.afterTurn(() => {
      this.#isTurnOpen = false;
      this.#newBudget();
    });
  }

  #newBudget(): void {
    this.#done = 0;
    if (this.#shortBudgets > 0) this.#shortBudgets--;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#turn.nextTurn(() => this.#runWaiting());
  }

  #runWaiting(): void {
    this.#isScheduled = false;
    const tasks = this.#waiting;
    let next = 0;
    try {
      // Tasks that are added meanwhile are behind these.
      while (next < tasks.length && !this.#isSpent) tasks[next++]?.();
    } finally {
      this.#waiting = tasks.slice(next);
      this.#newBudget();
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}
