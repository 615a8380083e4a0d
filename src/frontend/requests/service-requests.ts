/**
 * Sends a session thread's requests to the services and retries until the deadline: changes to the
 * leader, reads to any healthy replica in turn (docs/PROTOCOL.md, R9). Does not depend on methods.
 * Invariant: a question that a replica cannot answer goes to the leader next, and an idempotent
 * question does not wait for a leader whose successor is known.
 */
import { type Clock, countdown } from '../../base/clock.js';
import { BazarError, toBazarError } from '../../base/errors.js';
import type { GroupName } from '../../group/membership.js';
import type { RequestHeader } from '../../wire/request-header.js';
import type { Ask } from '../types.js';
import type { Backends, Port } from './backends.js';
import { type RetryOptions, retry } from './retry.js';

export const attemptMaxMs = 1_500;
/** A replica cut off from its leader notices it late; attempts at it end after this time. */
const readerAttemptMaxMs = 400;
/** A replica that failed is not asked again for this time. */
const readerRestMs = 1_000;

export interface AskLeaderOptions extends Ask {
  /** Asking twice has the same effect as asking once. */
  readonly idempotent: boolean;
  /** An attempt may have had an effect although its answer was lost. */
  readonly mayHaveEffect: boolean;
  /** The params in the form of the previous build, for a leader that refuses the current one. */
  readonly older?: unknown;
}

export interface ServiceRequestsOptions {
  readonly backends: Backends;
  readonly clock: Clock;
}

export class ServiceRequests {
  readonly #backends: Backends;
  readonly #clock: Clock;

  constructor({ backends, clock }: ServiceRequestsOptions) {
    this.#backends = backends;
    this.#clock = clock;
  }

  /** Asks the leader. `read` converts its answer to the outcome, or throws a failure to retry. */
  askLeader<T>(
    group: GroupName,
    question: readonly [string, unknown],
    options: AskLeaderOptions,
    read: (answer: unknown) => T,
  ): Promise<T> {
    return this.retry(options, async (timeoutMs) =>
      read(await this.askLeaderOnce(group, question, timeoutMs, options)),
    );
  }

  /** Repeats `attempt` until the deadline; it gets the time that it may take. */
  retry<T>(
    options: Ask & Pick<RetryOptions, 'idempotent' | 'mayHaveEffect' | 'isFinal'>,
    attempt: (timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const { news } = this.#backends;
    return retry({ clock: this.#clock, attemptMaxMs, news, ...options }, attempt);
  }

  /** One attempt. An idempotent one fails as soon as another leader is known. */
  async askLeaderOnce(
    group: GroupName,
    [method, params]: readonly [string, unknown],
    timeoutMs: number,
    options: Omit<AskLeaderOptions, 'deadlineMs'>,
  ): Promise<unknown> {
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
    return options.idempotent ? this.#whileItLeads(group, answer, options) : answer;
  }

  /** Asks the leader's owner once. Fails as soon as another leader is known. */
  async askOwnerOnce(
    group: GroupName,
    [method, params]: readonly [string, unknown],
    timeoutMs: number,
    header: RequestHeader | undefined,
  ): Promise<unknown> {
    const answer = this.#backends.leader(group, 'peer').call(method, params, timeoutMs, header);
    return this.#whileItLeads(group, answer, { mayHaveEffect: true });
  }

  /** Asks any replica that may answer; every second attempt goes to the leader. */
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
    const options = { deadlineMs, idempotent: true, mayHaveEffect: false };
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
   * Fails the attempt as soon as another leader is known. A stopped process keeps its connections
   * but does not answer, so waiting for the end of the attempt would lose time.
   */
  #whileItLeads(
    group: GroupName,
    answer: Promise<unknown>,
    { mayHaveEffect }: { readonly mayHaveEffect: boolean },
  ): Promise<unknown> {
    const backends = this.#backends;
    const asked = backends.leaders[group];
    return new Promise((resolve, reject) => {
      const forget = backends.news(() => {
        const leader = backends.leaders[group];
        // No leader for now: the same one may return, and it has the question.
        if (leader === undefined || leader === asked) return;
        forget();
        const message = `${asked} has not answered, and ${leader} leads the ${group} group by now`;
        reject(
          new BazarError('unavailable', message, {
            details: mayHaveEffect ? { unknown: true } : {},
          }),
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

/**
 * False for a replica of another version that does not support the question: it can answer others.
 */
function isUnwell({ code }: BazarError): boolean {
  return code !== 'unknown_method' && code !== 'invalid_argument';
}

/** For a method that replicas of an earlier build do not know. */
export function asUnavailable(error: unknown): never {
  if (toBazarError(error).code !== 'unknown_method') throw error;
  const message = 'not all services run a build that supports this yet';
  throw new BazarError('unavailable', message, { cause: error });
}
