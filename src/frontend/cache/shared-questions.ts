/**
 * Sends one question at a time about an item, for all readers that want it concurrently. A reader
 * that arrives during a question shares it if nothing has changed since it was asked, and otherwise
 * shares the next one; an item that sells all the time changes under every question. Does not
 * depend on answers or services. Invariant: no reader gets the answer to a question that was
 * outdated before the reader arrived.
 */
import type { Clock } from '../../base/clock.js';
import type { Ask } from '../types.js';
import type { Sighting } from './invalidation-versions.js';

/** How long the next question waits for one in progress; the asked replica may hang. */
export const patienceMs = 50;

export interface SharedAnswer {
  /**
   * True if every later change of the item invalidates it here: readers that joined may share it.
   */
  readonly isSettled: boolean;
}

export interface SharedQuestionsOptions<Answer> {
  readonly clock: Clock;
  /** The current versions of the item. */
  sight(id: number): Sighting;
  /** True if nothing has changed since the sighting: a reader may share a question from then. */
  mayJoin(sighting: Sighting): boolean;
  ask(id: number, sighting: Sighting, ask: Ask): Promise<Answer>;
  /** Called when one more reader shares a question, or waits for the next one. */
  wanted(id: number, by: number): void;
}

interface Question<Answer> {
  readonly sighting: Sighting;
  readonly done: Promise<Answer>;
  /** Deadline of the reader that asked. */
  readonly deadlineMs: number;
  isOver: boolean;
  takers: number;
  /** Readers waiting for the next question, their shared deadline, and that question. */
  waiting: number;
  nextDeadlineMs: number;
  next: Promise<Question<Answer>> | undefined;
}

export class SharedQuestions<Answer extends SharedAnswer> {
  readonly #options: SharedQuestionsOptions<Answer>;
  /** The last question about each item, while it is in progress or another one follows. */
  readonly #latest = new Map<number, Question<Answer>>();

  constructor(options: SharedQuestionsOptions<Answer>) {
    this.#options = options;
  }

  /** True if a question is in progress or about to be asked. */
  has(id: number): boolean {
    const latest = this.#latest.get(id);
    return latest !== undefined && (!latest.isOver || latest.next !== undefined);
  }

  async answer(id: number, ask: Ask): Promise<Answer> {
    const latest = this.#latest.get(id);
    if (!latest) return this.#begin(id, ask).done;
    if (!latest.isOver && this.#options.mayJoin(latest.sighting)) {
      latest.takers++;
      this.#options.wanted(id, latest.takers + latest.waiting);
      const answer = await this.#outcome(latest, id, ask);
      if (answer.isSettled) return answer;
      // The answer was read while an entry was undecided, which other readers may have seen since.
      latest.takers--;
    }
    return this.#outcome(await this.#younger(latest, id, ask), id, ask);
  }

  /** A reader with a later deadline asks again when the reader that asked gives up. */
  async #outcome(question: Question<Answer>, id: number, ask: Ask): Promise<Answer> {
    try {
      return await question.done;
    } catch (error) {
      const isPatient = ask.deadlineMs > question.deadlineMs;
      if (isPatient && ask.deadlineMs > this.#options.clock.nowMs()) return this.answer(id, ask);
      throw error;
    }
  }

  #younger(
    than: Question<Answer>,
    id: number,
    ask: Ask,
  ): Promise<Question<Answer>> | Question<Answer> {
    const latest = this.#latest.get(id);
    if (latest && latest !== than) {
      latest.takers++;
      return latest;
    }
    than.waiting++;
    this.#options.wanted(id, than.takers + than.waiting);
    than.nextDeadlineMs = Math.max(than.nextDeadlineMs, ask.deadlineMs);
    than.next ??= this.#mayFollow(than).then(() => {
      const next = this.#begin(id, { ...ask, deadlineMs: than.nextDeadlineMs });
      next.takers = than.waiting;
      return next;
    });
    return than.next;
  }

  #begin(id: number, ask: Ask): Question<Answer> {
    const { sight, ask: put } = this.#options;
    const sighting = sight(id);
    const question: Question<Answer> = {
      sighting,
      done: put(id, sighting, ask),
      deadlineMs: ask.deadlineMs,
      isOver: false,
      takers: 1,
      waiting: 0,
      nextDeadlineMs: 0,
      next: undefined,
    };
    this.#latest.set(id, question);
    const over = (): void => {
      question.isOver = true;
      if (!question.next && this.#latest.get(id) === question) this.#latest.delete(id);
    };
    question.done.then(over, over);
    return question;
  }

  /** Resolves when the question is over, or after the maximum wait. */
  #mayFollow(question: Question<Answer>): Promise<void> {
    if (question.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(patienceMs, resolve);
      const over = (): void => {
        timer.cancel();
        resolve();
      };
      question.done.then(over, over);
    });
  }
}
