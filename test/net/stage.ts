/** Sessions over the in-memory network, and raw ends to drive one of them byte by byte. */
import { assert } from '../../src/base/assert.js';
import { type RpcHandler, RpcSession, type RpcSessionOptions } from '../../src/net/rpc-session.js';
import type { Connection } from '../../src/net/types.js';
import { decode, encode } from '../../src/wire/codec.js';
import { MemoryNetwork, type MemoryNetworkOptions } from '../support/memory-transport.js';
import { ManualClock } from './manual-clock.js';

export const address = { host: 'node', port: 1 };

export const silentHandler: RpcHandler = { request: () => {} };

export async function connectionPair(
  clock: ManualClock,
  options?: MemoryNetworkOptions,
): Promise<{ network: MemoryNetwork; near: Connection; far: Connection }> {
  const network = new MemoryNetwork(clock, options);
  let far: Connection | undefined;
  await network.transport('b').listen(address, (connection) => {
    far = connection;
  });
  const connecting = network.transport('a').connect(address, 1_000);
  // A connection is to be started in the turn in which it is handed over.
  await clock.settle();
  const near = await connecting;
  assert(far !== undefined, 'the far end was accepted');
  return { network, near, far };
}

export interface StageOptions {
  readonly near?: RpcHandler;
  readonly far: RpcHandler;
  readonly nearOptions?: Partial<RpcSessionOptions>;
  readonly farOptions?: Partial<RpcSessionOptions>;
  readonly network?: MemoryNetworkOptions;
  /** Stands between the far session and its connection. */
  readonly wrap?: (connection: Connection) => Connection;
}

export interface Stage {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly near: RpcSession;
  readonly far: RpcSession;
}

const common = { trusted: false, frameBytesMax: 2 ** 20 };

export async function sessionPair(options: StageOptions): Promise<Stage> {
  const clock = new ManualClock();
  const ends = await connectionPair(clock, options.network);
  const near = new RpcSession(ends.near, {
    ...common,
    clock,
    handler: options.near ?? silentHandler,
    ...options.nearOptions,
  });
  const far = new RpcSession(options.wrap?.(ends.far) ?? ends.far, {
    ...common,
    clock,
    handler: options.far,
    ...options.farOptions,
  });
  return { clock, network: ends.network, near, far };
}

/** A peer that speaks bytes, and what it was sent. */
export class RawPeer {
  readonly received: Buffer[] = [];
  ended = false;
  closed = false;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.start({
      data: (chunk) => this.received.push(Buffer.from(chunk)),
      end: () => {
        this.ended = true;
        connection.end();
      },
      closed: () => {
        this.closed = true;
      },
    });
  }

  get connection(): Connection {
    return this.#connection;
  }

  send(...payloads: unknown[]): void {
    this.sendBytes(Buffer.concat(payloads.map((payload) => framed(encode(payload)))));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  /** All whole messages received so far. */
  messages(): unknown[] {
    const stream = Buffer.concat(this.received);
    const messages: unknown[] = [];
    let at = 0;
    while (at + 4 <= stream.length) {
      const end = at + 4 + stream.readUInt32BE(at);
      if (end > stream.length) break;
      messages.push(decode(stream, at + 4, end));
      at = end;
    }
    return messages;
  }
}

export function framed(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  return Buffer.concat([header, payload]);
}

export async function rawAgainst(
  handler: RpcHandler,
  options: Partial<RpcSessionOptions> = {},
  network?: MemoryNetworkOptions,
): Promise<{ clock: ManualClock; raw: RawPeer; session: RpcSession }> {
  const clock = new ManualClock();
  const ends = await connectionPair(clock, network);
  const session = new RpcSession(ends.far, { ...common, clock, handler, ...options });
  return { clock, raw: new RawPeer(ends.near), session };
}
