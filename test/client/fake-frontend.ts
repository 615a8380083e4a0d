/** A frontend that answers as a test says, over the real wire, and remembers what it was asked. */
import type { Address } from '../../src/base/address.js';
import { waitingClock } from '../../src/base/clock.js';
import { BazarError, toBazarError } from '../../src/base/errors.js';
import { RpcServer } from '../../src/net/rpc-server.js';
import type { Transport } from '../../src/net/types.js';

export interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** Returns the result, throws a BazarError, or returns `silence` to answer never. */
export type Answer = (params: Record<string, unknown>, asked: readonly Asked[]) => unknown;

export const silence = Symbol('silence');
export const hangUp = Symbol('hang up');

export class FakeFrontend {
  readonly asked: Asked[] = [];
  readonly #server: RpcServer;
  address: Address = { host: '127.0.0.1', port: 0 };

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#server = new RpcServer({
      clock: waitingClock,
      trusted: false,
      frameBytesMax: 1024 * 1024,
      newHandler: () => ({
        request: (session, method, params, reply) => {
          this.asked.push({ method, params: params as Record<string, unknown> });
          const answer = answers[method];
          if (!answer) throw new BazarError('unknown_method', `unknown method "${method}"`);
          Promise.resolve()
            .then(() => answer(params as Record<string, unknown>, this.asked))
            .then(
              (result) => {
                if (result === hangUp) session.destroy();
                else if (result !== silence) reply.result(result);
              },
              (error: unknown) => reply.fail(toBazarError(error)),
            );
        },
      }),
    });
  }

  async listen(transport: Transport, address: Address): Promise<this> {
    this.address = await this.#server.listen(transport, address);
    return this;
  }

  /** As when the process dies. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** The params of all calls of a method. */
  of(method: string): Record<string, unknown>[] {
    return this.asked.filter((one) => one.method === method).map(({ params }) => params);
  }
}
