/**
 * The proxy for connections from one service to another. It can stall either direction or reset the
 * connections, without affecting other links. It does not read the content.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { resetNow, type Target, type Way, WirePair } from './wire-pair.js';

/** A port of the proxy and its target. */
export interface Passage {
  readonly port: number;
  readonly target: Target;
}

export class Link {
  readonly from: string;
  readonly to: string;
  readonly #passages: readonly Passage[];
  readonly #servers: Server[] = [];
  readonly #pairs = new Set<WirePair>();
  readonly #stalls: Record<Way, number> = { toward: 0, back: 0 };
  #refusals = 0;

  constructor(from: string, to: string, passages: readonly Passage[]) {
    this.from = from;
    this.to = to;
    this.#passages = passages;
  }

  /** Whether it passes everything, in both directions. */
  get isFree(): boolean {
    return this.#refusals === 0 && this.#stalls.toward === 0 && this.#stalls.back === 0;
  }

  async open(): Promise<void> {
    for (const { port, target } of this.#passages) {
      const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true });
      server.on('connection', (socket) => this.#accept(socket, target));
      this.#servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
    }
  }

  /** Stalls this direction until `free` was called as often. */
  stall(way: Way): void {
    this.#stalls[way] += 1;
    this.#flow();
  }

  free(way: Way): void {
    this.#stalls[way] -= 1;
    this.#flow();
  }

  /** Resets every connection, and refuses new ones. */
  refuse(): void {
    this.#refusals += 1;
    this.reset();
  }

  admit(): void {
    this.#refusals -= 1;
  }

  reset(): void {
    for (const pair of [...this.#pairs]) pair.reset();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    this.reset();
  }

  #flow(): void {
    for (const pair of [...this.#pairs]) pair.flow();
  }

  #accept(socket: Socket, target: Target): void {
    socket.on('error', () => {});
    if (this.#refusals > 0) {
      resetNow(socket);
      return;
    }
    const isStalled = (way: Way): boolean => this.#stalls[way] > 0;
    const pair = new WirePair(socket, target, isStalled, () => this.#pairs.delete(pair));
    this.#pairs.add(pair);
  }
}
