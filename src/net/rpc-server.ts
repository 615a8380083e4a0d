/**
 * The incoming sessions: a limit on their number, an end to idle ones, and a drain. Takes connections
 * from its own listeners or from a pool. Does not depend on the methods served.
 */
import type { Address } from '../base/address.js';
import { type Clock, every, type Timer } from '../base/clock.js';
import { BazarError } from '../base/errors.js';
import { sessionLimits } from '../base/limits.js';
import type { Logger } from '../base/logging.js';
import type { MemoryBudget } from '../base/memory-budget.js';
import type { WorkTurns } from '../base/work-turns.js';
import { Handshakes } from './handshakes.js';
import { type RpcHandler, RpcSession } from './rpc-session.js';
import type { Connection, Listener, Transport } from './types.js';

/** Number of sweeps in the time after which an idle session is closed. */
const idleSweeps = 4;
/** Number of sweeps in the time in which a frame must arrive completely. */
const frameSweeps = 4;

export interface RpcServerOptions {
  /** Returns a new handler for each session, or one shared handler. */
  readonly newHandler: () => RpcHandler;
  readonly clock: Clock;
  readonly trusted: boolean;
  readonly frameBytesMax: number;
  readonly sessionsMax?: number;
  readonly inFlightMax?: number;
  readonly outputBytesMax?: number;
  /** A session without requests under way is closed after this silence. Absent: never. */
  readonly idleMs?: number;
  /** The greatest number of sessions in their handshake. Undefined: sessions have no handshake. */
  readonly handshakesMax?: number;
  readonly logger?: Logger;
  readonly turns?: WorkTurns;
  readonly budget?: MemoryBudget;
  /** The longest time from a frame's first bytes to its last. Absent: no limit. */
  readonly frameMs?: number;
}

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #sessions = new Set<RpcSession>();
  readonly #listeners: Listener[] = [];
  readonly #handshakes: Handshakes | undefined;
  readonly #sweeps: Timer[] = [];
  #draining = false;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    const { handshakesMax } = options;
    this.#handshakes = handshakesMax === undefined ? undefined : new Handshakes(handshakesMax);
    if (options.idleMs !== undefined) {
      const ms = options.idleMs / idleSweeps;
      this.#sweeps.push(every(options.clock, ms, () => this.#closeIdle()));
    }
    if (options.frameMs !== undefined) {
      const ms = options.frameMs / frameSweeps;
      this.#sweeps.push(every(options.clock, ms, () => this.#closeSlow()));
    }
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get sessions(): ReadonlySet<RpcSession> {
    return this.#sessions;
  }

  /** Resolves to the bound address; the system chooses the port if it was 0. */
  async listen(transport: Transport, address: Address): Promise<Address> {
    const listener = await transport.listen(address, (connection) => {
      this.accept(connection);
    });
    this.#listeners.push(listener);
    return listener.address;
  }

  /** Serves a connection. Returns undefined if it was closed because there are too many. */
  accept(connection: Connection): RpcSession | undefined {
    const { newHandler, sessionsMax = sessionLimits.sessionsMax, ...options } = this.#options;
    if (this.#draining || this.#sessions.size >= sessionsMax) {
      connection.start({ data: () => {}, closed: () => {} });
      connection.destroy();
      return undefined;
    }
    const session = new RpcSession(connection, {
      ...options,
      handler: newHandler(),
      closed: (gone) => {
        this.#sessions.delete(gone);
        this.#handshakes?.ended(gone);
      },
    });
    this.#sessions.add(session);
    this.#handshakes?.began(session);
    return session;
  }

  /** Stops listening, answers requests under way for at most `drainMs`, then closes the sessions. */
  async drain(): Promise<void> {
    await this.#stopListening();
    const sessions = [...this.#sessions];
    const answered = Promise.all(sessions.map((session) => session.drain()));
    let timer: Timer | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(sessionLimits.drainMs, resolve);
    });
    await Promise.race([answered, tooLate]);
    timer?.cancel();
    for (const session of sessions) session.end();
  }

  /** Closes everything at once. */
  async close(): Promise<void> {
    await this.#stopListening();
    for (const session of [...this.#sessions]) session.destroy();
  }

  async #stopListening(): Promise<void> {
    this.#draining = true;
    for (const sweep of this.#sweeps) sweep.cancel();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  /** Closes sessions whose frame has begun but does not end, and makes room for those that wait. */
  #closeSlow(): void {
    this.#options.budget?.makeRoom();
    for (const session of this.#sessions) {
      if (session.holding.sweep() <= frameSweeps) continue;
      session.destroy(new BazarError('deadline_exceeded', 'a frame took too long to arrive'));
    }
  }

  #closeIdle(): void {
    for (const session of this.#sessions) {
      session.idleSweeps++;
      if (session.idleSweeps > idleSweeps && session.inFlight === 0) session.end();
    }
  }
}
