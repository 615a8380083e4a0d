/**
 * One connection: two streams between two lives. Messages sent over a cut wait in order; a close arrives
 * after all messages sent before it.
 */
import type { Life } from './process.js';
import type { Scheduler } from './scheduler.js';

/** A retransmission after a cut. */
const retransmitMs = 50;

export type Side = 0 | 1;

/** What a connection uses of the network that carries it. */
export interface Carrier {
  readonly scheduler: Scheduler;
  readonly profile: { readonly pieceMs: number };
  trace(line: () => string): void;
  delayMs(): number;
  isCut(from: string, to: string): boolean;
  forget(wire: Wire): void;
}

interface Direction {
  lastMs: number;
  held: boolean;
  readonly under: { readonly atMs: number; readonly run: () => void }[];
  /** Sent over a cut. */
  readonly stalled: (() => void)[];
}

export class Wire {
  readonly #network: Carrier;
  readonly #lives: readonly [Life, Life];
  readonly #directions: readonly [Direction, Direction] = [
    { lastMs: 0, held: false, under: [], stalled: [] },
    { lastMs: 0, held: false, under: [], stalled: [] },
  ];
  readonly #closed: [boolean, boolean] = [false, false];
  readonly #onClosed: [(() => void) | undefined, (() => void) | undefined] = [undefined, undefined];

  constructor(network: Carrier, a: Life, b: Life) {
    this.#network = network;
    this.#lives = [a, b];
  }

  trace(line: () => string): void {
    this.#network.trace(line);
  }

  life(side: Side): Life {
    return this.#lives[side];
  }

  /** A sent message is stalled. */
  get isStalled(): boolean {
    return this.#directions.some(({ held, stalled }) => held || stalled.length > 0);
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

  /** Resets only this end: its owner learns it at once, the other after all messages sent to it. */
  abandon(side: Side): void {
    if (this.#closed[side]) return;
    const told = this.#onClosed[side];
    this.close(side);
    const tell = (): void => told?.();
    this.#network.scheduler.in(0, () => this.#lives[side].enter(tell, true, this));
  }

  /** Closes both sides; messages under way are lost. */
  reset(): void {
    for (const side of [0, 1] as const) {
      if (this.#closed[side]) continue;
      this.#closed[side] = true;
      this.#directions[side].stalled.length = 0;
      const life = this.#lives[side];
      const told = this.#onClosed[side];
      const tell = (): void => told?.();
      this.#network.scheduler.in(this.#network.delayMs(), () => life.enter(tell, true, this));
    }
    this.#network.forget(this);
  }

  /** Stalls messages to this process; returns a function that ends the stall. */
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

  /** In order with all other messages of this side; never if either side closes before. */
  send(side: Side, deliver: () => void): void {
    if (this.#closed[side]) return;
    const other: Side = side === 0 ? 1 : 0;
    this.#carry(side, () => {
      if (!this.#closed[other]) deliver();
    });
  }

  /** Closes this side; the other one is informed after all messages sent before. */
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
    // The messages of an earlier piece are gone already.
    if ((under[0]?.atMs ?? Number.POSITIVE_INFINITY) > untilMs) return;
    const piece: (() => void)[] = [];
    while (
      (under[0]?.atMs ?? Number.POSITIVE_INFINITY) <=
      untilMs + this.#network.profile.pieceMs
    ) {
      const first = under.shift();
      if (first) piece.push(first.run);
    }
    const take = (): void => {
      for (const run of piece) run();
    };
    life.enter(take, true, this);
  }
}
