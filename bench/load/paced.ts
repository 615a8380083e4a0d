/**
 * Purchases at a given rate, whatever the store answers. Each has its own due time, and its latency
 * counts from then: a stalled store is charged for all customers that would have come meanwhile (a
 * closed loop would hide them). Keeps every sample with its time.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from './answers.js';
import { errorCodeOf, frame, packValue } from './message.js';
import type { Target } from './session.js';

export interface Sample {
  /** Time of performance.now(). */
  readonly dueMs: number;
  readonly tookMs: number;
}

const connections = 32;
const tickMs = 1;
const drainMs = 10_000;

export class PacedLoad {
  readonly samples: Sample[] = [];
  readonly errors = new Map<string, number>();
  readonly #sockets: Socket[] = [];
  readonly #due = new Map<number, number>();
  readonly #products: number;
  #nextId = 1;

  constructor({ host, port }: Target, products: number) {
    this.#products = products;
    for (let n = 0; n < connections; n++) {
      const socket = createConnection({ host, port, noDelay: true });
      const reader = new AnswerReader({
        accepted: (id) => this.#answered(id),
        refused: (id, answer) => {
          this.#count(errorCodeOf(answer));
          this.#answered(id);
        },
      });
      socket.on('data', (chunk) => reader.feed(chunk, chunk.length));
      socket.on('error', (error) => this.#count(error.message));
      this.#sockets.push(socket);
    }
  }

  /** Sends until the time is over, then waits for the last answers. */
  async run(ratePerSecond: number, forMs: number): Promise<void> {
    const beganMs = performance.now();
    let sent = 0;
    for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - beganMs) {
      const dueBy = Math.floor((passedMs * ratePerSecond) / 1_000);
      for (; sent < dueBy; sent++) this.#send(beganMs + (sent * 1_000) / ratePerSecond);
      await sleep(tickMs);
    }
    const untilMs = performance.now() + drainMs;
    while (this.#due.size > 0 && performance.now() < untilMs) await sleep(tickMs);
    if (this.#due.size > 0) this.errors.set('no_answer', this.#due.size);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #send(dueMs: number): void {
    const id = this.#nextId++;
    const params = { id: 1 + (id % this.#products), quantity: 1 };
    this.#due.set(id, dueMs);
    this.#sockets[id % connections]?.write(frame(packValue([0, id, 'buy', params])));
  }

  #answered(id: number): void {
    const dueMs = this.#due.get(id);
    if (dueMs === undefined) return;
    this.#due.delete(id);
    this.samples.push({ dueMs, tookMs: performance.now() - dueMs });
  }

  #count(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }
}

export function quantileMs(samples: readonly Sample[], fraction: number): number {
  const sorted = samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? 0;
}
