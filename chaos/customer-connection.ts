/**
 * A customer's connection to the store: to one frontend, and to the next one if it breaks or does not
 * answer in time. A missing answer is reported to the caller, who decides whether to repeat the request.
 */
import { type Answer, RawClient } from '../test/e2e/raw-client.js';

/** The answer if no connection can be opened: the request had no effect and may be repeated. */
const unsent = {
  error: { code: 'unavailable', message: 'no connection', retryable: true },
  result: undefined,
};

export class CustomerConnection {
  readonly #ports: readonly number[];
  readonly #patienceMs: number;
  readonly #token: string | undefined;
  #at: number;
  #client: Promise<RawClient> | undefined;

  /** @param token for administrators. */
  constructor(ports: readonly number[], at: number, patienceMs: number, token?: string) {
    this.#ports = ports;
    this.#at = at;
    this.#patienceMs = patienceMs;
    this.#token = token;
  }

  /** Undefined if no answer arrived, so the outcome is unknown. */
  async ask<R>(method: string, params: unknown): Promise<Answer<R> | undefined> {
    this.#client ??= this.#open();
    const client = this.#client;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#patienceMs);
    });
    const answered = client.then(
      (open) => open.ask<R>(method, params).catch(() => undefined),
      () => unsent as Answer<R>,
    );
    const answer = await Promise.race([answered, late]);
    clearTimeout(timer);
    if ((!answer || answer.error === unsent.error) && this.#client === client) this.leave();
    return answer;
  }

  /** The next request goes to another frontend. */
  leave(): void {
    this.#client?.then(
      (client) => client.destroy(),
      () => {},
    );
    this.#client = undefined;
    this.#at += 1;
  }

  async #open(): Promise<RawClient> {
    const client = await RawClient.open(this.#ports[this.#at % this.#ports.length] ?? 0);
    if (this.#token === undefined) return client;
    const { error } = await client.ask('hello', { protocol: 1, token: this.#token });
    if (error) throw new Error(error.code);
    return client;
  }
}
