/**
 * Shares a thread's time among its sessions. A turn of the event loop does a bounded amount of work; the
 * rest waits in one queue, in order, for the next turn. So new connections are accepted between two
 * turns, and a session with much work waits behind those with little. Invariant: the input read in a
 * turn, and the tasks that waited for it, each charge at most the limit plus one portion.
 */
import { systemTurn, type Turn } from './turn.js';

/** The units of work: a short frame, or a KiB read or answered. */
export const workUnits = {
  /** In one turn: a few milliseconds. */
  turnMax: 4_096,
  /** In a turn in which a connection arrived: others may wait, and one is accepted per turn. */
  acceptingTurnMax: 64,
  /** The work of one session before other waiting sessions. */
  portion: 32,
  /** A request that is not answered in its own turn, in addition to its bytes. */
  openRequest: 8,
  /** Reading resumes on a connection. */
  resume: 32,
  /** An HTTP request. */
  httpRequest: 64,
} as const;

/** Requests under way in one thread for all sessions, and in one session while there are more. */
export const openRequestLimits = { underWayMax: 1_024, sessionMax: 4 } as const;

export class WorkTurns {
  /** Requests that are not answered yet. */
  underWay = 0;
  readonly #turn: Pick<Turn, 'afterTurn' | 'nextTurn'>;
  #waiting: (() => void)[] = [];
  #done = 0;
  /** The number of coming budgets that are short, because a connection was accepted. */
  #shortBudgets = 0;
  #isTurnOpen = false;
  #isScheduled = false;

  constructor(turn: Pick<Turn, 'afterTurn' | 'nextTurn'> = systemTurn) {
    this.#turn = turn;
  }

  /** The number of waiting tasks. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A session with more work lets others go first. */
  get shouldYield(): boolean {
    return this.#waiting.length > 0 || this.#isSpent;
  }

  /** Whether a session with this many requests under way may begin another. */
  mayBegin(underWay: number): boolean {
    return this.underWay < openRequestLimits.underWayMax || underWay < openRequestLimits.sessionMax;
  }

  /** Returns true if the task ran at once; otherwise it runs in a later turn. */
  run(task: () => void): boolean {
    if (this.shouldYield) {
      this.later(task);
      return false;
    }
    task();
    return true;
  }

  /** Runs the task after all waiting ones. */
  later(task: () => void): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  /** Adds finished work. */
  charge(units: number): void {
    this.#openTurn();
    this.#done += units;
  }

  /** A connection was accepted: this turn ends soon. */
  accepted(): void {
    this.#openTurn();
    // The rest of this turn, the tasks waiting for it, and the next turn.
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
      // Tasks added meanwhile come after these.
      while (next < tasks.length && !this.#isSpent) tasks[next++]?.();
    } finally {
      this.#waiting = tasks.slice(next);
      this.#newBudget();
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}
