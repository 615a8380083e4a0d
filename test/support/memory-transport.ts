/**
 * The in-memory twin of the network: nodes of one process joined by byte pipes that deliver in
 * order, at the end of the turn or after a delay, by the Clock alone, so that a seed replays it.
 * Links between nodes can be cut (connections break, new ones are refused) or silenced (bytes
 * wait). Invariant: what one side wrote before a break is delivered as an unbroken prefix.
 */
import { type Address, formatAddress } from '../../src/base/address.js';
import { assert } from '../../src/base/assert.js';
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import type { Connection, Listener, Transport } from '../../src/net/types.js';
import { type Link, MemoryConnection } from './memory-connection.js';

export interface MemoryNetworkOptions {
  /** One-way delay of a piece, asked for each; 0 means the end of the turn. */
  readonly delayMs?: (from: string, to: string) => number;
  /** Largest piece handed to a receiver at once; tests set 1 to cut everything. */
  readonly pieceBytesMax?: number;
}

interface OpenListener {
  readonly node: string;
  readonly accept: (connection: Connection) => void;
}

export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #options: MemoryNetworkOptions;
  readonly #listeners = new Map<string, OpenListener>();
  readonly #links = new Map<string, Link>();
  readonly #connections = new Set<MemoryConnection>();
  #nextPort = 49_152;

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.#clock = clock;
    this.#options = options;
  }

  /** The network as one node sees it. */
  transport(node: string): Transport {
    return {
      connect: (address, timeoutMs) => this.#connect(node, address, timeoutMs),
      listen: (address, accept) => this.#listen(node, address, accept),
    };
  }

  /** Breaks the connections between two nodes and refuses new ones, until healed. */
  cut(a: string, b: string): void {
    this.#link(a, b).state = 'cut';
    for (const connection of [...this.#connections]) {
      if (connection.joins(a, b)) connection.destroy(new Error('link cut'));
    }
  }

  /** Holds all bytes between two nodes, and lets connecting time out, until healed. */
  silence(a: string, b: string): void {
    this.#link(a, b).state = 'silent';
  }

  heal(a: string, b: string): void {
    this.#link(a, b).state = 'open';
    for (const connection of [...this.#connections]) {
      if (connection.joins(a, b)) connection.healed();
    }
  }

  /** Breaks every connection of a node and closes its listeners, as when its process dies. */
  kill(node: string): void {
    for (const [key, listener] of [...this.#listeners]) {
      if (listener.node === node) this.#listeners.delete(key);
    }
    for (const connection of [...this.#connections]) {
      if (connection.node === node) connection.destroy(new Error('process died'));
    }
  }

  #link(a: string, b: string): Link {
    const key = [a, b].sort().join(' ');
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { state: 'open' };
      this.#links.set(key, link);
    }
    return link;
  }

  #connect(node: string, address: Address, timeoutMs: number): Promise<Connection> {
    const target = formatAddress(address);
    const refuse = (reason: string): BazarError =>
      new BazarError('unavailable', `cannot connect to ${target}: ${reason}`);
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        const listener = this.#listeners.get(target);
        const link = listener === undefined ? undefined : this.#link(node, listener.node);
        if (listener === undefined || link === undefined) {
          reject(refuse('ECONNREFUSED'));
        } else if (link.state === 'cut') {
          reject(refuse('EHOSTUNREACH'));
        } else if (link.state === 'silent') {
          this.#clock.after(timeoutMs, () => reject(refuse('timed out')));
        } else {
          resolve(this.#join(node, listener, link, target));
        }
      };
      this.#clock.afterTurn(attempt);
    });
  }

  #join(node: string, listener: OpenListener, link: Link, target: string): Connection {
    const pieceBytesMax = this.#options.pieceBytesMax ?? 65_536;
    const delay = (from: string, to: string) => (): number =>
      this.#options.delayMs?.(from, to) ?? 0;
    const closed = (connection: MemoryConnection): void => {
      this.#connections.delete(connection);
    };
    const common = { clock: this.#clock, link, pieceBytesMax, closed };
    const near = new MemoryConnection({
      ...common,
      node,
      remote: target,
      delayMs: delay(node, listener.node),
    });
    const far = new MemoryConnection({
      ...common,
      node: listener.node,
      remote: node,
      delayMs: delay(listener.node, node),
    });
    near.pair(far);
    far.pair(near);
    this.#connections.add(near);
    this.#connections.add(far);
    listener.accept(far);
    return near;
  }

  #listen(
    node: string,
    address: Address,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    const bound = { host: address.host, port: address.port || this.#nextPort++ };
    const key = formatAddress(bound);
    if (this.#listeners.has(key)) {
      const message = `cannot listen on ${key}: address in use (EADDRINUSE)`;
      return Promise.reject(new BazarError('unavailable', message));
    }
    assert(bound.port <= 65_535, 'ports of the memory network run out');
    const listener = { node, accept };
    this.#listeners.set(key, listener);
    return Promise.resolve({
      address: bound,
      close: () => {
        if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
        return Promise.resolve();
      },
    });
  }
}
