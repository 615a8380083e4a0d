/**
 * What the tests of this room stand on: operations that answer from a small shelf and record what
 * they were asked, and a client at the other end of a byte stream.
 */
import { Duplex } from 'node:stream';
import { BazarError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import type { Operations } from '../../src/frontend/types.js';
import {
  createHttpGateway,
  type HttpGateway,
  type HttpGatewayOptions,
} from '../../src/gateway/http-gateway.js';
import { RequestMeter } from '../../src/gateway/request-meter.js';
import { TokenCheck } from '../../src/gateway/token-check.js';
import { ManualClock } from '../helpers/manual-clock.js';

export const adminToken = 'open-sesame';

export const tux = {
  id: 8,
  name: 'Tux',
  topic: 'toys',
  price: 19.9,
  quantity: 100,
  version: 3,
} as const;

export const firstOrder = {
  number: 1,
  name: 'Tux',
  quantity: 2,
  lines: [{ id: 8, name: 'Tux', quantity: 2, price: 19.9 }],
  total: 39.8,
  at: '2026-01-02T03:04:05.000Z',
  status: 'placed' as const,
};

export interface Asked {
  readonly operation: string;
  readonly params: unknown;
}

export interface FakeOperations extends Operations {
  readonly asked: Asked[];
}

/** Order 1 as HTTP shows it. */
export const shownOrder = {
  ...firstOrder,
  lines: firstOrder.lines.map((line) => ({ ...line, price_exact: '19.90' })),
  total_exact: '39.80',
  currency: 'EUR',
} as const;
/** Tux as HTTP shows it. */
export const shownTux = { ...tux, price_exact: '19.90', currency: 'EUR' } as const;
/** The total of a purchase of it. */
export const shownTotal = { total: 19.9, total_exact: '19.90', currency: 'EUR' } as const;
const heldLine = { id: 8, name: 'Tux', quantity: 1, price: 19.9 };
const held = {
  hold_id: 'c0ffee00c0ffee00c0ffee00c0ffee00',
  expires_at: '2026-01-01T00:15:00.000Z',
  lines: [heldLine],
  total: 19.9,
};

const cancelled = {
  cancellation_number: 3,
  order_number: 1,
  lines: [heldLine],
  total: 19.9,
  restock: true,
  at: '2026-01-01T00:00:00.000Z',
  status: 'partly_cancelled' as const,
};

/** Knows Tux, one hold and order 1; whatever is given in `own` replaces an operation. */
export function fakeOperations(own: Partial<Operations> = {}): FakeOperations {
  const asked: Asked[] = [];
  const refuse = (): never => {
    throw new BazarError('not_found', 'nothing like that on the shelf');
  };
  const base: Operations = {
    lookup: async (params) =>
      ('id' in params ? params.id === tux.id : params.name === tux.name) ? tux : refuse(),
    search: async () => ({ items: [tux], next: 8 }),
    buy: async () => ({ order_number: 192, total: 19.9 }),
    hold: async ({ lines: [line] }) => ({ ...held, lines: [{ ...heldLine, ...line }] }),
    readHold: async ({ id }) => (id === held.hold_id ? { ...held, status: 'open' } : refuse()),
    confirmHold: async ({ id }) =>
      id === held.hold_id ? { order_number: 193, total: 19.9 } : refuse(),
    releaseHold: async ({ id }) =>
      id === held.hold_id ? { hold_id: id, status: 'released' } : refuse(),
    extendHold: async ({ id }) =>
      id === held.hold_id ? { hold_id: id, expires_at: held.expires_at } : refuse(),
    order: async ({ number }) => (number === 1 ? firstOrder : refuse()),
    orders: async () => ({ items: [firstOrder] }),
    cancelOrder: async ({ number }) => (number === 1 ? cancelled : refuse()),
    cancellations: async ({ number }) => (number === 1 ? { items: [cancelled] } : refuse()),
    addProduct: async ({ restock_to: target = null, purchase_limit: limit = null, ...params }) => ({
      ...params,
      ...{ id: params.id ?? 18, version: 1 },
      ...(target === null ? {} : { restock_to: target }),
      ...(limit === null ? {} : { purchase_limit: limit }),
    }),
    updateProduct: async ({ id, price = tux.price }) => ({ ...tux, id, price, version: 4 }),
    removeProduct: async () => tux,
    readStock: async ({ id }) => ({
      id,
      available: 3,
      reserved: 2,
      on_hand: 5,
      received: 9,
      sold: 4,
      returned: 0,
    }),
    ledger: async () => ({
      items: [
        {
          number: 7,
          at: '2026-01-31T12:00:00.000Z',
          cause: 'sale',
          delta: -1,
          balance: 3,
          reserved_delta: 0,
          reserved: 2,
          on_hand: 5,
          order_number: 4,
        },
      ],
      next: 7,
    }),
    adjustStock: async ({ id, delta = 0 }) => ({
      ...{ id, delta, on_hand: 100 + delta, reserved: 0, available: 100 + delta, version: 4 },
    }),
    audit: async () => ({
      ok: true,
      sales: 0,
      orders: 0,
      products: [],
      replicas: [],
      problems: [],
    }),
    status: async () => ({ members: [], frontends: [] }),
    currency: () => 'EUR',
    notReady: () => undefined,
  };
  const operations = { ...base, ...own };
  const record = <P, R>(operation: string, run: (params: P, context: never) => R) => {
    return (params: P, context: unknown): R => {
      asked.push({ operation, params });
      return run(params, context as never);
    };
  };
  return {
    ...operations,
    lookup: record('lookup', operations.lookup),
    search: record('search', operations.search),
    buy: record('buy', operations.buy),
    order: record('order', operations.order),
    orders: record('orders', operations.orders),
    addProduct: record('addProduct', operations.addProduct),
    updateProduct: record('updateProduct', operations.updateProduct),
    removeProduct: record('removeProduct', operations.removeProduct),
    asked,
  };
}

export interface Stage {
  readonly gateway: HttpGateway;
  readonly operations: FakeOperations;
  readonly clock: ManualClock;
  /** Opens a session and gives the client's end. */
  connect(): ClientEnd;
  /** One request on a session of its own. */
  ask(method: string, path: string, options?: AskOptions): Promise<Reply>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as it is, anything else as JSON; no Content-Type is set. */
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly json: any;
}

export async function setStage(
  own: Partial<Operations> = {},
  options: Partial<HttpGatewayOptions> = {},
): Promise<Stage> {
  const operations = fakeOperations(own);
  const clock = new ManualClock();
  const gateway = await createHttpGateway({
    operations,
    history: 'test-store',
    clock,
    random: seededRandom(7),
    logger: silentLogger,
    meter: new RequestMeter(),
    rateLimit: undefined,
    logsRequests: false,
    tokens: new TokenCheck({ adminToken, clock, logger: silentLogger }),
    openAdmin: false,
    cache: { forget: async () => {}, content: async () => [] },
    draining: () => false,
    ...options,
  });
  const connect = (): ClientEnd => {
    const [server, client] = streamPair();
    gateway.accept(server);
    return new ClientEnd(client);
  };
  return {
    gateway,
    operations,
    clock,
    connect,
    async ask(method, path, { headers = {}, body } = {}) {
      const client = connect();
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      const sized = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
      const all = Object.entries({ host: 'store', ...sized, ...headers });
      const head = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      client.send(`${method} ${path} HTTP/1.1\r\n${head}\r\n${text ?? ''}`);
      const reply = await client.reply(method === 'HEAD');
      client.end();
      return reply;
    },
  };
}

/** The client's end of a session: sends bytes as told and reads answers one after another. */
export class ClientEnd {
  readonly #stream: Duplex;
  #received = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #closed: Promise<void>;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    this.#closed = new Promise((resolve) => {
      stream.once('close', resolve);
    });
    for (const event of ['end', 'close', 'error']) {
      stream.on(event, () => {
        this.#ended = true;
        this.#wake?.();
      });
    }
  }

  /** What has come and was not taken as a reply. */
  get received(): string {
    return this.#received.toString('latin1');
  }

  /** Takes nothing more: what is sent piles up on the other side. */
  stopReading(): void {
    this.#stream.pause();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  send(text: string | Uint8Array): void {
    this.#stream.write(text);
  }

  end(): void {
    this.#stream.end();
  }

  /** Resolves when the server has ended the stream, with whatever was not read yet. */
  async ended(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#received.toString('latin1');
  }

  /** Resolves when the stream is gone altogether, though this end did not end its side. */
  closed(): Promise<void> {
    return this.#closed;
  }

  async reply(headOnly = false): Promise<Reply> {
    for (;;) {
      const reply = this.#takeReply(headOnly);
      if (reply) return reply;
      if (this.#ended) throw new Error(`the stream ended after "${this.#received}"`);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #takeReply(headOnly: boolean): Reply | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const lines = this.#received.subarray(0, headEnd).toString('latin1').split('\r\n');
    const status = Number(lines[0]?.split(' ')[1]);
    const headers = new Map(
      lines.slice(1).map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = headOnly || status === 304 ? 0 : Number(headers.get('content-length') ?? 0);
    if (this.#received.length < headEnd + 4 + length) return undefined;
    const text = this.#received.subarray(headEnd + 4, headEnd + 4 + length).toString();
    this.#received = this.#received.subarray(headEnd + 4 + length);
    return { status, headers, text, json: parsed(text, headers) };
  }
}

function parsed(text: string, headers: ReadonlyMap<string, string>): unknown {
  const isJson = headers.get('content-type')?.startsWith('application/json');
  return isJson && text !== '' ? JSON.parse(text) : undefined;
}

/** Two streams, each giving what the other is given; as a relayed session looks to its thread. */
export function streamPair(): [Duplex, Duplex] {
  // What one side has written and the other does not take yet.
  const waiting = new Map<Duplex, () => void>();
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      allowHalfOpen: true,
      read() {
        const done = waiting.get(other());
        waiting.delete(other());
        done?.();
      },
      write(chunk, _encoding, done) {
        if (other().destroyed || other().push(chunk)) done();
        else waiting.set(this, done);
      },
      final(done) {
        if (!other().destroyed) other().push(null);
        done();
      },
      destroy(error, done) {
        if (!other().destroyed) setImmediate(() => other().destroy());
        done(error);
      },
    });
  const left: Duplex = make(() => right);
  const right: Duplex = make(() => left);
  return [left, right];
}

/** Lets everything happen that needs no time to pass. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
