/**
 * One question at a time about an item, for all who want it at the same time. Whoever comes while
 * one is under way shares it if nothing has changed since it was asked, else the next one: an item
 * that is sold all the time changes under every question. Knows neither answers nor services.
 * Invariant: nobody gets the answer to a question that was overtaken before they came.
 */
import type { Clock } from '../../base/clock.js';
import type { Ask } from '../types.js';
import type { Sighting } from './invalidation-versions.js';

/** So long the next question waits for one under way; a replica may have hung. */
const patienceMs = 50;

export interface SharedAnswer {
  /** Whatever has changed it since invalidates it here: whoever joined the question may have it. */
  readonly isSettled: boolean;
}

export interface SharedQuestionsOptions<Answer> {
  readonly clock: Clock;
  /** What is known of the item now. */
  sight(id: number): Sighting;
  /** Nothing has changed since, so that a question from then is as good as one from now. */
  mayJoin(sighting: Sighting): boolean;
  ask(id: number, sighting: Sighting, ask: Ask): Promise<Answer>;
  /** One more takes the answer to a question that others take too, or waits for the next. */
  wanted(id: number, by: number): void;
}

interface Question<Answer> {
  readonly sighting: Sighting;
  readonly done: Promise<Answer>;
  /** When who asked it gives up. */
  readonly deadlineMs: number;
  isOver: boolean;
  takers: number;
  /** Who waits for the next one, how long they all can, and that one. */
  waiting: number;
  nextDeadlineMs: number;
  next: Promise<Question<Answer>> | undefined;
}

export class SharedQuestions<Answer extends SharedAnswer> {
  readonly #options: SharedQuestionsOptions<Answer>;
  /** The last question about each item, while it is under way or another is to follow it. */
  readonly #latest = new Map<number, Question<Answer>>();

  constructor(options: SharedQuestionsOptions<Answer>) {
    this.#options = options;
  }

  /** Is there one under way, or about to be? */
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
      // Read while an entry was undecided, which others may have seen since.
      latest.takers--;
    }
    return this.#outcome(await this.#younger(latest, id, ask), id, ask);
  }

  /** Whoever is more patient than who asked it asks again where that one has given up. */
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

  /** Resolves when it is over, or has been waited for. */
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
