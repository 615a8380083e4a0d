/**
 * What a session thread asks the services, again and again until the deadline: the leader for
 * whatever changes something, any healthy replica in turn for what is only read (docs/PROTOCOL.md,
 * R9). Knows no method. Invariant: what a replica cannot answer is asked of the leader next, and what
 * may be asked twice waits for no leader whose successor is known.
 */
import { type Clock, countdown } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import type { GroupName } from '../../group/membership.js';
import type { Ask } from '../types.js';
import type { Backends, Port } from './backends.js';
import { retry } from './retry.js';

const attemptMaxMs = 1_500;
/** A replica that is cut off from its leader notices late: it is waited for no longer. */
const readerAttemptMaxMs = 400;
/** And not asked again for so long. */
const readerRestMs = 1_000;

export interface LeadOptions extends Ask {
  /** The same question twice is the same as once. */
  readonly idempotent: boolean;
  /** An attempt may have done something although its answer was lost. */
  readonly changes: boolean;
  /** The params in the form of the build before, for a leader that refuses those of this one. */
  readonly older?: unknown;
}

export interface QuestionsOptions {
  readonly backends: Backends;
  readonly clock: Clock;
}

export class Questions {
  readonly #backends: Backends;
  readonly #clock: Clock;

  constructor({ backends, clock }: QuestionsOptions) {
    this.#backends = backends;
    this.#clock = clock;
  }

  /** Of the leader. `read` turns its answer into the outcome, which may be a failure to try again. */
  lead<T>(
    group: GroupName,
    [method, params]: readonly [string, unknown],
    options: LeadOptions,
    read: (answer: unknown) => T,
  ): Promise<T> {
    const { news } = this.#backends;
    return retry({ clock: this.#clock, attemptMaxMs, news, ...options }, async (timeoutMs) => {
      const leader = this.#backends.leader(group);
      const leftMs = countdown(this.#clock, timeoutMs);
      const ask = (form: unknown) => leader.call(method, form, leftMs(), options.header);
      const { older } = options;
      const asked = ask(params);
      const answer =
        older === undefined
          ? asked
          : asked.catch((error: unknown) => {
              if (toBazarError(error).code !== 'invalid_argument') throw error;
              return ask(older);
            });
      return read(await (options.idempotent ? this.#whileItLeads(group, answer, options) : answer));
    });
  }

  /** Of any replica that may answer; the second attempt, and every other one, is the leader's. */
  read(
    group: GroupName,
    method: string,
    params: unknown,
    { deadlineMs, header }: Ask,
    port: Port = 'service',
  ): Promise<unknown> {
    const backends = this.#backends;
    const { news } = backends;
    let attempts = 0;
    const options = { deadlineMs, idempotent: true, changes: false };
    return retry({ clock: this.#clock, attemptMaxMs, news, ...options }, async (timeoutMs) => {
      attempts++;
      const leader = backends.leaders[group];
      const name = attempts % 2 === 1 ? backends.reader(group, this.#clock.nowMs()) : leader;
      if (name === undefined || name === leader) {
        const answer = backends.leader(group, port).call(method, params, timeoutMs, header);
        return this.#whileItLeads(group, answer, options);
      }
      try {
        const soonMs = Math.min(timeoutMs, readerAttemptMaxMs);
        return await backends.member(group, name, port).call(method, params, soonMs, header);
      } catch (error) {
        if (isUnwell(toBazarError(error))) backends.rest(name, this.#clock.nowMs() + readerRestMs);
        throw error;
      }
    });
  }

  /**
   * A process that was stopped keeps its connections and answers nothing: who asked it asks the next
   * leader as soon as there is one, and does not sit out the attempt.
   */
  #whileItLeads(
    group: GroupName,
    answer: Promise<unknown>,
    { changes }: { readonly changes: boolean },
  ): Promise<unknown> {
    const backends = this.#backends;
    const asked = backends.leaders[group];
    return new Promise((resolve, reject) => {
      const forget = backends.news(() => {
        const leader = backends.leaders[group];
        // Nobody, for now: it may be the same again, which has what it was asked.
        if (leader === undefined || leader === asked) return;
        forget();
        const message = `${asked} has not answered, and ${leader} leads the ${group} group by now`;
        reject(
          new BazarError('unavailable', message, { details: changes ? { unknown: true } : {} }),
        );
      });
      answer.then(
        (value) => {
          forget();
          resolve(value);
        },
        (error: unknown) => {
          forget();
          reject(error);
        },
      );
    });
  }
}

/** One of another version, which does not know the question or its form, is as good for others. */
function isUnwell({ code }: BazarError): boolean {
  return code !== 'unknown_method' && code !== 'invalid_argument';
}
