/**
 * The lasting connections of one client, one to each frontend. Distributes calls round robin over
 * frontends that answer, and avoids those that failed recently. Each call here is one attempt; the
 * caller retries.
 */
import { type Address, formatAddress } from '../base/address.js';
import { assert, required } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import { BazarError, type ErrorCode, toBazarError } from '../base/errors.js';
import { clientLimits, wireLimits } from '../base/limits.js';
import type { Random } from '../base/random.js';
import { type Introduction, RpcClient } from '../net/rpc-client.js';
import type { Transport } from '../net/types.js';
import { unreached } from './unreached.js';

const protocol = 1;
/** For this long, a failed frontend is used only if no other is left. */
const suspectMs = 1_000;
const refusals: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'permission_denied',
  'invalid_argument',
]);

export interface LinesOptions {
  readonly addresses: readonly Address[];
  readonly token: string | undefined;
  readonly name: string;
  /** Reports at once when no frontend accepts a connection, although the next attempt may succeed. */
  readonly failFast: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
}

interface Line {
  readonly rpc: RpcClient;
  suspectUntilMs: number;
}

/** `hopeless`: further attempts cannot succeed, whatever the code. */
export type Attempt = { readonly result: unknown } | { readonly hopeless: BazarError };

export class Lines {
  readonly #clock: Clock;
  readonly #failFast: boolean;
  readonly #lines: readonly Line[];
  #turn: number;
  #started = false;
  /** Some frontend has answered once: later failures are a failover and not a wrong address. */
  #reached = false;
  /** Some frontend has answered a call. */
  #answered = false;
  /** The last frontend that closed a connection before any answer. */
  #closedBy: Address | undefined;

  constructor(options: LinesOptions) {
    const { addresses, clock, random, transport, token, name } = options;
    assert(addresses.length > 0, 'a client needs an address');
    this.#clock = clock;
    this.#failFast = options.failFast;
    this.#turn = random.integer(addresses.length);
    this.#lines = addresses.map((address) => ({
      suspectUntilMs: 0,
      rpc: new RpcClient({
        address,
        transport,
        clock,
        random,
        trusted: false,
        frameBytesMax: wireLimits.publicFrameBytesMax,
        connected: () => {
          this.#reached = true;
        },
        disconnected: () => {
          if (!this.#answered) this.#closedBy = address;
        },
        ...(token === undefined ? {} : { introduce: introduction(name, token) }),
      }),
    }));
  }

  async call(method: string, params: unknown, timeoutMs: number): Promise<Attempt> {
    this.#start();
    const line = this.#pick();
    try {
      const result = await line.rpc.call(method, params, timeoutMs);
      this.#answered = true;
      return { result };
    } catch (thrown) {
      const error = toBazarError(thrown);
      if (error.code === 'unavailable' || error.code === 'deadline_exceeded') {
        line.suspectUntilMs = this.#clock.nowMs() + suspectMs;
      } else this.#answered = true;
      const hopeless = this.#hopeless(error);
      if (hopeless) return { hopeless };
      throw error;
    }
  }

  close(): void {
    for (const { rpc } of this.#lines) rpc.close();
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    for (const { rpc } of this.#lines) rpc.start();
  }

  #pick(): Line {
    const nowMs = this.#clock.nowMs();
    const count = this.#lines.length;
    const turn = this.#turn++;
    const rotated = this.#lines.map((_line, i) =>
      required(this.#lines[(turn + i) % count], 'line'),
    );
    const trusted = rotated.filter((line) => line.suspectUntilMs <= nowMs);
    const line = trusted.find(({ rpc }) => rpc.connected) ?? trusted[0] ?? rotated[0];
    return required(line, 'line');
  }

  #hopeless(error: BazarError): BazarError | undefined {
    const { cause } = error;
    // The frontend refused the handshake, and the connection closed because of that.
    if (cause instanceof BazarError && refusals.has(cause.code)) return cause;
    return this.#failFast && error.code === 'unavailable' ? this.#unreached(error) : undefined;
  }

  /** The last failure of a call. It names the frontends if none was reached, or none answered. */
  explain(error: BazarError): BazarError {
    return this.#unreached(error) ?? this.#unanswered(error) ?? error;
  }

  #unanswered(error: BazarError): BazarError | undefined {
    // Another code means that the outcome of a sent request is unknown.
    if (this.#answered || this.#closedBy === undefined || error.code !== 'unavailable')
      return undefined;
    const message = `${formatAddress(this.#closedBy)} closes the connection without an answer`;
    const details = { ...error.details, unreached: true, reason: 'closed' };
    return new BazarError('unavailable', message, { details, cause: error });
  }

  #unreached(error: BazarError): BazarError | undefined {
    // Nothing was ever sent, so after a deadline the outcome is certain.
    const isLost = error.code === 'unavailable' || error.code === 'deadline_exceeded';
    if (this.#reached || !isLost) return undefined;
    if (!this.#lines.every(({ rpc }) => rpc.lastError !== undefined)) return undefined;
    return unreached(
      this.#lines.map(({ rpc }) => ({ address: rpc.address, error: rpc.lastError })),
    );
  }
}

function introduction(client: string, token: string): Introduction {
  return (session, done) => {
    const hello = { protocol, client, token };
    session.request('hello', hello, clientLimits.handshakeTimeoutMs, (error) => done(error));
  };
}
