/**
 * The interfaces of the comparison. A system is a set of server processes that sells, such as Redis with
 * its replica. A subject is one way to buy from it; the store is one system with two subjects.
 */
import type { NamedProcess, Usage } from './usage.js';

export const subjectNames = ['redis', 'postgres', 'store', 'store-http', 'store-sql'] as const;
export type SubjectName = (typeof subjectNames)[number];

/** Outcomes of purchases in the order of their requests: a connection has one request in flight. */
export interface PurchaseSink {
  accepted(): void;
  refused(code: string): void;
}

export interface Protocol {
  /** One request; `fill` sets the item and the serial number of the idempotency key. */
  readonly request: Buffer;
  fill(request: Buffer, item: number, key: number): void;
  /** `feed` takes the first `length` bytes of `chunk`, which may be reused afterwards. */
  reader(sink: PurchaseSink): { feed(chunk: Uint8Array, length: number): void };
}

export interface Subject {
  readonly name: SubjectName;
  readonly label: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** The state of a system after the load. */
export interface Books {
  readonly orders: number;
  readonly lastOrder: number;
  /** Units left, by item; index 0 is unused. */
  readonly stock: readonly number[];
  /** Faults that the system found itself. */
  readonly problems: readonly string[];
}

export interface PeerSystem {
  readonly name: string;
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly subjects: readonly Subject[];
  /** All server processes that live now. */
  processes(): readonly NamedProcess[];
  books(): Promise<Books>;
}

export interface SystemOptions {
  readonly portOffset: number;
  /** An existing empty folder for the data. */
  readonly folder: string;
  /** Units of the items 1 … n; index 0 is unused. */
  readonly stock: readonly number[];
}

/** Starts a system and registers with `stops` what ends it. */
export type StartSystem = (options: SystemOptions, stops: Stops) => Promise<PeerSystem>;

/**
 * What to undo at the end, newest first; each step is bounded in time. A step that is added afterwards
 * runs at once.
 */
export class Stops {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => Promise<void> | void): void {
    if (this.#running) this.#running = this.#running.then(step);
    else this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  }
}

/** One run of one subject. */
export interface Run {
  readonly ratePerSecond: number;
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Undefined without Linux's /proc. */
  readonly usage: Usage | undefined;
  /** CPU time of the load generator for each answer. */
  readonly clientCpuUs: number;
  /** Refusals and failures by code, from the warm-up to the last answer. */
  readonly refusals: Readonly<Record<string, number>>;
}

export const host = '127.0.0.1';
export const priceCents = 1_990;
