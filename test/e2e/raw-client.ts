/**
 * One connection to the raw port: requests in flight, answers by id, and bytes sent as they are.
 * Never retries and never reconnects: what happens to the connection is for the test to see.
 */
import { connect, type Socket } from 'node:net';
import { frame, pack, unpack } from './msgpack.js';
import { within } from './until.js';

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly available?: number;
}

/** One of the two; `error` is null where there is a result. */
export interface Answer<R> {
  readonly error: WireError | null;
  readonly result: R;
}

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
  readonly price: number;
  readonly quantity: number;
  readonly version: number;
  readonly purchase_limit?: { readonly quantity: number; readonly window_seconds: number | null };
}

export interface Placed {
  readonly order_number: number;
  readonly total: number;
  readonly replayed?: boolean;
}

export interface Order {
  readonly number: number;
  readonly name: string;
  readonly quantity: number;
  readonly lines: readonly {
    readonly id: number;
    readonly name: string;
    readonly quantity: number;
    readonly price: number;
    /** Absent if no unit of it is cancelled. */
    readonly cancelled?: number;
  }[];
  readonly total: number;
  readonly at: string;
}

export interface Held {
  readonly hold_id: string;
  readonly expires_at: string;
  readonly lines: Order['lines'];
  readonly total: number;
  readonly replayed?: boolean;
}

export interface Hold {
  readonly hold_id: string;
  readonly status: 'open' | 'confirmed' | 'released' | 'expired';
  readonly lines: Order['lines'];
  /** Of a confirmed hold. */
  readonly order_number?: number;
}

export interface Cancelled {
  readonly cancellation_number: number;
  readonly order_number: number;
  readonly lines: Order['lines'];
  readonly total: number;
  readonly restock: boolean;
  readonly replayed?: boolean;
}

export interface Adjusted {
  readonly id: number;
  readonly delta: number;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly version: number;
  readonly replayed?: boolean;
}

export class RawClient {
  /** Answers that belong to no request of this client, as those that close the connection. */
  readonly strays: Answer<unknown>[] = [];
  /** Resolves when both sides have closed, whatever the reason. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<unknown, (answer: Answer<unknown> | Error) => void>();
  #received = Buffer.alloc(0);
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        for (const settle of this.#waiting.values()) settle(new Error('the connection closed'));
        this.#waiting.clear();
      });
    });
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.setNoDelay(true);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Rejects where the connection closes before the answer. */
  ask<R>(method: unknown, params: unknown): Promise<Answer<R>> {
    const id = ++this.#lastId;
    return this.askBytes<R>(id, frame(pack([0, id, method, params])));
  }

  /** Sends a frame made elsewhere and waits for the answer to this id. */
  askBytes<R>(id: unknown, bytes: Uint8Array): Promise<Answer<R>> {
    const answered = new Promise<Answer<R>>((resolve, reject) => {
      if (this.#socket.destroyed) reject(new Error('the connection is closed'));
      this.#waiting.set(id, (answer) => {
        if (answer instanceof Error) reject(answer);
        else resolve(answer as Answer<R>);
      });
    });
    this.send(bytes);
    return within(`the answer to ${String(id)}`, answered);
  }

  /** The result; an error is thrown. */
  async get<R>(method: string, params: unknown): Promise<R> {
    const { error, result } = await this.ask<R>(method, params);
    if (error) throw new Error(`${method} ${JSON.stringify(params)}: ${error.code}`);
    return result;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Ends the writing side. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const length = this.#received.readUInt32BE();
      if (this.#received.length < 4 + length) return;
      const [kind, id, error, result] = unpack(this.#received.subarray(4, 4 + length)) as unknown[];
      this.#received = this.#received.subarray(4 + length);
      if (kind !== 1) continue;
      const answer = { error: error as WireError | null, result };
      const settle = this.#waiting.get(id);
      if (!settle) this.strays.push(answer);
      this.#waiting.delete(id);
      settle?.(answer);
    }
  }
}
