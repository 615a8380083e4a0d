/**
 * The simulated network: connections between lives, each a stream in both directions. What is sent
 * over a cut waits as TCP's retransmissions do, and comes in order when the cut heals, or never,
 * where the connection closes before. Knows no message.
 */
import type { Random } from '../../src/base/random.js';
import type { Life } from './process.js';
import type { Scheduler } from './scheduler.js';

export interface NetworkProfile {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** The share of messages that take `slowMs` more. */
  readonly slowShare: number;
  readonly slowMs: number;
  /** What arrives so close together is read as one piece, in one turn without microtasks between. */
  readonly pieceMs: number;
}

/** An attempt to connect over a cut is made again, and then given up. */
const connectRetryMs = 1_000;
const connectAttempts = 2;
/** A retransmission after a cut. */
const retransmitMs = 50;
/** How long a peer of a machine that lost its power may wait for the news. */
const powerNewsMs = 3_000;

export type Side = 0 | 1;

/** What a listener does with a new connection; it owns side 1. */
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
  /** Connections whose other end lost its power and cannot tell. */
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

  /** The connections between the two are given up, as after a long silence. */
  reset(from: string, to: string): void {
    for (const wire of [...this.#wires]) if (wire.joins(from, to)) wire.reset();
  }

  /** One connection, by chance, in one direction: lost packets hold up what comes behind them. */
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

  healAll(): void {
    for (const key of [...this.#cuts.keys()]) {
      const [from = '', to = ''] = key.split('>');
      this.#cuts.set(key, 1);
      this.heal(from, to);
    }
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
      listener.life.enter(() => listener.accept(wire), true);
      // Until side 0 has heard of it, its end is a failure to connect.
      wire.onClosed(0, () => done(undefined));
      // Before anything that side 1 sends.
      wire.send(1, () => done(wire));
    });
  }

  /** The life's connections close; at once where the process died, later where the power failed. */
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

  /** A machine is back: whoever still thinks of its old connections learns better. */
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

interface Direction {
  lastMs: number;
  held: boolean;
  readonly under: { readonly atMs: number; readonly run: () => void }[];
  /** Sent over a cut. */
  readonly stalled: (() => void)[];
}

export class Wire {
  readonly #network: Network;
  readonly #lives: readonly [Life, Life];
  readonly #directions: readonly [Direction, Direction] = [
    { lastMs: 0, held: false, under: [], stalled: [] },
    { lastMs: 0, held: false, under: [], stalled: [] },
  ];
  readonly #closed: [boolean, boolean] = [false, false];
  readonly #onClosed: [(() => void) | undefined, (() => void) | undefined] = [undefined, undefined];

  constructor(network: Network, a: Life, b: Life) {
    this.#network = network;
    this.#lives = [a, b];
  }

  trace(line: () => string): void {
    this.#network.trace(line);
  }

  life(side: Side): Life {
    return this.#lives[side];
  }

  sideOf(life: Life): Side | undefined {
    if (this.#lives[0] === life) return 0;
    return this.#lives[1] === life ? 1 : undefined;
  }

  joins(from: string, to: string): boolean {
    return this.#lives[0].name === from
      ? this.#lives[1].name === to
      : this.#lives[0].name === to && this.#lives[1].name === from;
  }

  isOpenTo(to: string): boolean {
    return (
      (this.#lives[0].name === to || this.#lives[1].name === to) && !this.#closed.includes(true)
    );
  }

  /** Both sides learn that it is over; what was under way is lost. */
  reset(): void {
    for (const side of [0, 1] as const) {
      if (this.#closed[side]) continue;
      this.#closed[side] = true;
      this.#directions[side].stalled.length = 0;
      const life = this.#lives[side];
      const told = this.#onClosed[side];
      this.#network.scheduler.in(this.#network.delayMs(), () => life.enter(() => told?.(), true));
    }
    this.#network.forget(this);
  }

  /** Holds up what goes to this process; returns how to end it. */
  stall(to: string): () => void {
    const side: Side = this.#lives[1].name === to ? 0 : 1;
    this.#directions[side].held = true;
    return () => {
      this.#directions[side].held = false;
      this.#release(side);
    };
  }

  /** Called once when the other side has closed. */
  onClosed(side: Side, callback: () => void): void {
    this.#onClosed[side] = callback;
  }

  /** In order with all else from this side; never, where either side closes before. */
  send(side: Side, deliver: () => void): void {
    if (this.#closed[side]) return;
    const other: Side = side === 0 ? 1 : 0;
    this.#carry(side, () => {
      if (!this.#closed[other]) deliver();
    });
  }

  /** This side is gone; the other one is told after all that was sent before. */
  close(side: Side): void {
    if (this.#closed[side]) return;
    this.#closed[side] = true;
    const other: Side = side === 0 ? 1 : 0;
    if (this.#closed[other]) {
      this.#network.forget(this);
      return;
    }
    this.#carry(side, () => {
      if (this.#closed[other]) return;
      this.#closed[other] = true;
      this.#network.forget(this);
      this.#onClosed[other]?.();
    });
  }

  healed(from: string, to: string): void {
    for (const side of [0, 1] as const) {
      const other: Side = side === 0 ? 1 : 0;
      if (this.#lives[side].name === from && this.#lives[other].name === to) this.#release(side);
    }
  }

  #release(side: Side): void {
    const { held, stalled } = this.#directions[side];
    const other: Side = side === 0 ? 1 : 0;
    if (held || this.#network.isCut(this.#lives[side].name, this.#lives[other].name)) return;
    for (const run of stalled.splice(0)) this.#schedule(side, run, retransmitMs);
  }

  #carry(side: Side, run: () => void): void {
    const other: Side = side === 0 ? 1 : 0;
    const direction = this.#directions[side];
    const { name: from } = this.#lives[side];
    const { name: to } = this.#lives[other];
    const isStalled = direction.stalled.length > 0 || direction.held;
    if (isStalled || this.#network.isCut(from, to)) direction.stalled.push(run);
    else this.#schedule(side, run, 0);
  }

  #schedule(side: Side, run: () => void, moreMs: number): void {
    const { scheduler } = this.#network;
    const other: Side = side === 0 ? 1 : 0;
    const direction = this.#directions[side];
    const atMs = scheduler.nowMs + moreMs + this.#network.delayMs();
    direction.lastMs = Math.max(atMs, direction.lastMs);
    direction.under.push({ atMs: direction.lastMs, run });
    scheduler.at(direction.lastMs, () => this.#arrive(direction, this.#lives[other]));
  }

  #arrive({ under }: Direction, life: Life): void {
    const untilMs = this.#network.scheduler.nowMs;
    // What came with an earlier piece is not there any more.
    if ((under[0]?.atMs ?? Number.POSITIVE_INFINITY) > untilMs) return;
    const piece: (() => void)[] = [];
    while (
      (under[0]?.atMs ?? Number.POSITIVE_INFINITY) <=
      untilMs + this.#network.profile.pieceMs
    ) {
      const first = under.shift();
      if (first) piece.push(first.run);
    }
    life.enter(() => {
      for (const run of piece) run();
    }, true);
  }
}
