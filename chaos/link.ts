/**
 * The line from one service to another: what the first dials stands here, so that it can be held up
 * in either way, or reset, without touching any other line. Knows nothing of what is said on it.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { resetNow, type Target, type Way, WirePair } from './wire-pair.js';

/** A port of the proxy and the one behind it. */
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

  /** It lets everything through, both ways. */
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

  /** What is sent this way waits, until it is freed as often. */
  stall(way: Way): void {
    this.#stalls[way] += 1;
    this.#flow();
  }

  free(way: Way): void {
    this.#stalls[way] -= 1;
    this.#flow();
  }

  /** Every connection is reset, and whoever dials anew. */
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
