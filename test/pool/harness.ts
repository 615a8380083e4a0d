/** Starts pools for the tests and keeps what they log, tell and call. */
import type { Test } from 'tap';
import { type Clock, systemClock } from '../../src/base/clock.js';
import type { Logger } from '../../src/base/logging.js';
import type { Transport } from '../../src/net/types.js';
import {
  type SessionPool,
  type SessionPoolOptions,
  startSessionPool,
} from '../../src/pool/session-pool.js';
import type { OwnerCall } from '../../src/pool/types.js';
import { FakeTransport } from './fake-transport.js';
import { anyPort, Client, tcp } from './tcp.js';

type Changes = Partial<Omit<SessionPoolOptions, 'program'>> & { readonly program?: string };

export class Harness {
  readonly logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  readonly tells: { operation: string; args: unknown }[] = [];
  readonly batches: OwnerCall[][] = [];
  readonly clients: Client[] = [];
  readonly pool: SessionPool;
  #changed: () => void = () => {};

  private constructor(pool: SessionPool) {
    this.pool = pool;
  }

  static async start(t: Test, changes: Changes = {}): Promise<Harness> {
    const kept: { harness?: Harness } = {};
    const early: (() => void)[] = [];
    const withHarness = (act: (harness: Harness) => void): void => {
      const { harness } = kept;
      if (!harness) early.push(() => kept.harness && act(kept.harness));
      else {
        act(harness);
        harness.#changed();
      }
    };
    const log =
      (level: string) =>
      (fields: Record<string, unknown>, message: string): void =>
        withHarness((harness) => harness.logged.push({ level, fields, message }));
    const logger: Logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    const pool = await startSessionPool({
      workers: 2,
      // Two threads at once, on whatever machine.
      cores: 4,
      clock: systemClock,
      logger,
      onCalls: (calls) => withHarness((harness) => harness.batches.push(calls)),
      onTell: (operation, args) =>
        withHarness((harness) => harness.tells.push({ operation, args })),
      ...changes,
      program: programUrl(changes.program ?? 'service'),
    });
    const harness = new Harness(pool);
    kept.harness = harness;
    for (const act of early) act();
    t.teardown(async () => {
      for (const client of harness.clients) client.socket.destroy();
      await pool.close();
    });
    return harness;
  }

  /** A client of a listener of its own. */
  async client(kind = 'raw'): Promise<Client> {
    const [client] = await this.connect(1, kind);
    if (!client) throw new Error('no client');
    return client;
  }

  /** A transport whose peers the test plays. */
  async fakes(kind = 'raw'): Promise<FakeTransport> {
    const transport = new FakeTransport();
    await this.pool.listen(transport, anyPort, kind);
    return transport;
  }

  /** Resolves when the pool has them all: a listener closed before would reset them. */
  async connect(count: number, kind = 'raw'): Promise<Client[]> {
    let accepted = 0;
    const counting: Transport = {
      ...tcp,
      listen: (address, accept) =>
        tcp.listen(address, (connection) => {
          accept(connection);
          accepted++;
          this.#changed();
        }),
    };
    const listener = await this.pool.listen(counting, anyPort, kind);
    const clients = Array.from({ length: count }, () => new Client(listener.address));
    this.clients.push(...clients);
    await this.until(() => accepted === count);
    await listener.close();
    return clients;
  }

  /** Waits until something logged, told or called makes the condition hold. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  told(operation: string): unknown[] {
    return this.tells.filter((tell) => tell.operation === operation).map((tell) => tell.args);
  }

  calls(): OwnerCall[] {
    return this.batches.flat();
  }
}

export function programUrl(name: string): URL {
  return new URL(`./programs/${name}.js`, import.meta.url);
}

/** The system's clock, but that what waits does so until the test says. */
export function heldClock(): Clock & { release(): void; waits(): number[] } {
  let held: { ms: number; callback: () => void }[] = [];
  return {
    ...systemClock,
    after(ms, callback) {
      const entry = { ms, callback };
      held.push(entry);
      return {
        cancel() {
          held = held.filter((other) => other !== entry);
        },
      };
    },
    release() {
      const due = held;
      held = [];
      for (const { callback } of due) callback();
    },
    waits: () => held.map(({ ms }) => ms),
  };
}
