/**
 * The simulated network: connections between lives, each a stream in both directions. Messages sent over
 * a cut wait, like TCP's retransmissions, and arrive in order when the cut heals, or never if the
 * connection closes before.
 */
import type { Random } from '../src/base/random.js';
import type { Life } from './process.js';
import type { Scheduler } from './scheduler.js';
import { Wire } from './wire.js';

export interface NetworkProfile {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** The share of messages that take `slowMs` longer. */
  readonly slowShare: number;
  readonly slowMs: number;
  /**
   * Messages that arrive this close together are read as one piece, in one turn without microtasks
   * between.
   */
  readonly pieceMs: number;
}

/** An attempt to connect over a cut is repeated, and then given up. */
const connectRetryMs = 1_000;
const connectAttempts = 2;
/** How long a peer of a machine without power may keep the connection. */
const powerNewsMs = 3_000;

/** A listener's handling of a new connection; it owns side 1. */
export type Accept = (wire: Wire) => void;

export class Network {
  readonly scheduler: Scheduler;
  profile: NetworkProfile;
  trace: (line: () => string) => void = () => {};
  readonly #random: Random;
  readonly #listeners = new Map<string, { readonly life: Life; readonly accept: Accept }>();
  /** Directions that are cut, and how often. */
  readonly #cuts = new Map<string, number>();
  readonly #wires = new Set<Wire>();
  /** Connections whose other end lost its power and cannot close them. */
  readonly #untold = new Map<string, Wire[]>();

  constructor(scheduler: Scheduler, random: Random, profile: NetworkProfile) {
    this.scheduler = scheduler;
    this.#random = random;
    this.profile = profile;
  }

  delayMs(): number {
    const { latencyMs, jitterMs, slowShare, slowMs } = this.profile;
    const slow = this.#random.fraction() < slowShare ? slowMs * this.#random.fraction() : 0;
    return latencyMs + jitterMs * this.#random.fraction() + slow;
  }

  isCut(from: string, to: string): boolean {
    return (this.#cuts.get(`${from}>${to}`) ?? 0) > 0;
  }

  cut(from: string, to: string): void {
    const key = `${from}>${to}`;
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1);
  }

  /** Closes the connections between the two, as after a long silence. */
  reset(from: string, to: string): void {
    for (const wire of [...this.#wires]) if (wire.joins(from, to)) wire.reset();
  }

  /** Resets one end's connections to the other only at that end. */
  abandon(by: string, to: string): void {
    for (const wire of [...this.#wires]) {
      if (wire.joins(by, to)) wire.abandon(wire.life(0).name === by ? 0 : 1);
    }
  }

  /** Stalls one random connection in one direction: lost packets delay those behind them. */
  stallOne(to: string): (() => void) | undefined {
    const wires = [...this.#wires].filter((wire) => wire.isOpenTo(to));
    return wires[this.#random.integer(Math.max(1, wires.length))]?.stall(to);
  }

  heal(from: string, to: string): void {
    const key = `${from}>${to}`;
    const left = (this.#cuts.get(key) ?? 0) - 1;
    if (left > 0) {
      this.#cuts.set(key, left);
      return;
    }
    this.#cuts.delete(key);
    for (const wire of this.#wires) wire.healed(from, to);
  }

  /** Stalls every connection from one to the other; returns functions that end each stall. */
  holdAll(from: string, to: string): (() => void)[] {
    return [...this.#wires].filter((wire) => wire.joins(from, to)).map((wire) => wire.stall(to));
  }

  healAll(): void {
    for (const key of [...this.#cuts.keys()]) {
      const [from = '', to = ''] = key.split('>');
      this.#cuts.set(key, 1);
      this.heal(from, to);
    }
  }

  /** The pairs with a stalled connection. */
  stalledPairs(): ReadonlySet<string> {
    const pairs = new Set<string>();
    for (const wire of this.#wires) {
      if (wire.isStalled) pairs.add(pairOf(wire.life(0).name, wire.life(1).name));
    }
    return pairs;
  }

  listen(life: Life, port: string, accept: Accept): void {
    this.#listeners.set(port, { life, accept });
  }

  /** Calls back with a connection, of which the caller owns side 0, or with undefined. */
  dial(
    from: Life,
    to: string,
    port: string,
    done: (wire: Wire | undefined) => void,
    attempt = 1,
  ): void {
    const there = this.delayMs();
    const back = this.delayMs();
    if (this.isCut(from.name, to) || this.isCut(to, from.name)) {
      this.scheduler.in(connectRetryMs, () => {
        if (attempt < connectAttempts) this.dial(from, to, port, done, attempt + 1);
        else from.enter(() => done(undefined), true);
      });
      return;
    }
    this.scheduler.in(there, () => {
      const listener = this.#listeners.get(`${to}/${port}`);
      if (listener === undefined || listener.life.dead || from.dead) {
        this.scheduler.in(back, () => from.enter(() => done(undefined), true));
        return;
      }
      const wire = new Wire(this, from, listener.life);
      this.#wires.add(wire);
      listener.life.enter(() => listener.accept(wire), true, wire);
      // Until side 0 is informed, an end counts as a failure to connect.
      wire.onClosed(0, () => done(undefined));
      // Comes before anything that side 1 sends.
      wire.send(1, () => done(wire));
    });
  }

  /** Closes the life's connections: at once if the process crashed, later if the power failed. */
  ended(life: Life, power: boolean): void {
    for (const wire of this.#wires) {
      const side = wire.sideOf(life);
      if (side === undefined) continue;
      if (!power) {
        wire.close(side);
        continue;
      }
      const untold = this.#untold.get(life.name) ?? [];
      untold.push(wire);
      this.#untold.set(life.name, untold);
      this.scheduler.in(powerNewsMs, () => wire.close(side));
    }
  }

  /** A machine is back: peers with its old connections get a reset. */
  began(life: Life): void {
    for (const wire of this.#untold.get(life.name) ?? []) {
      for (const side of [0, 1] as const) {
        if (wire.life(side).name === life.name) this.scheduler.in(1, () => wire.close(side));
      }
    }
    this.#untold.delete(life.name);
  }

  forget(wire: Wire): void {
    this.#wires.delete(wire);
  }
}

/** The same for both orders. */
export function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
