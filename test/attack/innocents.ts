/**
 * Clients that behave, on both listeners, with connections that stay and with new ones for each
 * request. They measure how long each waited for its answer. Invariant: a request without an answer
 * counts as one that took until the end of the measurement.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { RawClient } from '../e2e/raw-client.js';
import type { Ports } from './target.js';

/** Between two requests of one client. */
const pauseMs = 25;
const giveUpMs = 60_000;

export interface Waits {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The longest time in which none of the clients of one kind had an answer. */
  readonly silence: number;
  readonly failures: number;
  /** For each kind of client what it met, for people to read. */
  readonly details: readonly string[];
}

const purchase = { id: 3, quantity: 1 };

type Ask = () => Promise<void>;

class Kind {
  readonly waits: number[] = [];
  failures = 0;
  silence = 0;
  readonly name: string;
  #reason = '';
  readonly #ask: Ask;
  #lastMs = performance.now();
  #begunMs: number | undefined;

  constructor(name: string, ask: Ask) {
    this.name = name;
    this.#ask = ask;
  }

  get detail(): string {
    const most = Math.max(...this.waits, 0);
    const failed = this.failures === 0 ? '' : `, ${this.failures} failed: ${this.#reason}`;
    return `${this.name}: ${this.waits.length} asked, longest ${Math.round(most)} ms${failed}`;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      this.#begunMs = performance.now();
      try {
        await this.#ask();
        this.#heard();
      } catch (error) {
        this.failures++;
        this.#reason = String(error);
      }
      this.#waited();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Counts a request that has no answer yet. */
  end(): void {
    this.silence = Math.max(this.silence, performance.now() - this.#lastMs);
    this.#waited();
  }

  #heard(): void {
    this.silence = Math.max(this.silence, performance.now() - this.#lastMs);
    this.#lastMs = performance.now();
  }

  #waited(): void {
    if (this.#begunMs !== undefined) this.waits.push(performance.now() - this.#begunMs);
    this.#begunMs = undefined;
  }
}

/** Runs until `over` resolves; the waits of all kinds together. */
export async function measure(ports: Ports, over: Promise<unknown>): Promise<Waits> {
  const staying = new Agent({ keepAlive: true, maxSockets: 1 });
  const buying = new Agent({ keepAlive: true, maxSockets: 1 });
  const raw = await RawClient.open(ports.raw);
  let isOver = false;
  const kinds = [
    new Kind('http, old', () => askHttp(ports.http, '/products/1', staying)),
    new Kind('http, new', () => askHttp(ports.http, '/products/2', false)),
    new Kind('purchases', () => askHttp(ports.http, '/orders', buying, purchase)),
    new Kind('raw, old', async () => void (await raw.ask('lookup', { id: 1 }))),
    new Kind('raw, new', () => askNewRaw(ports.raw)),
  ];
  const running = kinds.map((kind) => kind.run(() => isOver));
  await over;
  isOver = true;
  // A request without an answer counts with the time that it has waited until now.
  const patience = new Promise((resolve) => setTimeout(resolve, giveUpMs).unref());
  await Promise.race([Promise.all(running), patience]);
  for (const kind of kinds) kind.end();
  for (const agent of [staying, buying]) agent.destroy();
  raw.destroy();
  return summed(kinds);
}

function summed(kinds: readonly Kind[]): Waits {
  const waits = kinds.flatMap((kind) => kind.waits).sort((one, other) => one - other);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return {
    requests: waits.length,
    p50: at(0.5),
    p99: at(0.99),
    max: waits.at(-1) ?? 0,
    silence: Math.max(...kinds.map(({ silence }) => silence)),
    failures: kinds.reduce((sum, { failures }) => sum + failures, 0),
    details: kinds.map(({ detail }) => detail),
  };
}

function askHttp(port: number, path: string, agent: Agent | false, body?: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const headers = body ? { 'content-type': 'application/json' } : {};
    const options = { host: '127.0.0.1', port, path, agent, method, headers, timeout: giveUpMs };
    const asked = request(options, (answer) => {
      answer.resume();
      // Sold out (409) is an answer as well.
      const isAnswer = answer.statusCode === 200 || answer.statusCode === 409;
      answer.once('end', () =>
        isAnswer ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
      );
      answer.once('error', reject);
    });
    asked.once('error', reject);
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.end(body && JSON.stringify(body));
  });
}

/** Connects, looks up, and waits for the answer. */
function askNewRaw(port: number): Promise<void> {
  // [0, 1, "lookup", {"id": 2}]
  const body = Buffer.concat([
    Buffer.of(0x94, 0x00, 0x01, 0xa6),
    Buffer.from('lookup'),
    Buffer.of(0x81, 0xa2),
    Buffer.from('id'),
    Buffer.of(0x02),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
    socket.write(Buffer.concat([length, body]));
  });
}
