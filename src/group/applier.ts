/**
 * Applies entries in order, each once, up to the position that it is given (docs/PROTOCOL.md, R7):
 * from memory if the entries are there, else from the journal, in either case a limited number a
 * turn. Without a state machine (a recovery server) it only counts.
 */
import { logLimits } from '../base/limits.js';
import type { Entry, StateMachine } from '../consensus/types.js';

export interface ApplierOptions<Result> {
  readonly machine: StateMachine<Result> | undefined;
  readonly applied: number;
  /** The entry, if it is in memory. */
  entry(seq: number): Entry | undefined;
  read(fromSeq: number, maxBytes: number): Promise<Entry[]>;
  /** Called after each entry, in order. */
  done(entry: Entry, result: Result): void;
  /** Entries were read from the journal: continues in the host's loop. */
  resume(action: () => void): void;
  /** Continues in a later turn, after the input that has arrived in the meantime. */
  resumeLater(action: () => void): void;
  failed(error: Error): void;
}

export class Applier<Result> {
  readonly #options: ApplierOptions<Result>;
  #applied: number;
  #target: number;
  /** True while entries are being read, or wait for their turn. */
  #isUnderWay = false;
  #paused = false;

  constructor(options: ApplierOptions<Result>) {
    this.#options = options;
    this.#applied = options.applied;
    this.#target = options.applied;
  }

  get applied(): number {
    return this.#applied;
  }

  advance(through: number): void {
    if (through > this.#target) this.#target = through;
    if (this.#applied < this.#target) this.#run();
  }

  /** Applies nothing while a snapshot replaces the state. */
  pause(): void {
    this.#paused = true;
  }

  restart(seq: number): void {
    this.#paused = false;
    this.#applied = seq;
    this.#target = Math.max(this.#target, seq);
  }

  #run(): void {
    if (this.#options.machine === undefined) {
      this.#applied = this.#target;
      return;
    }
    let bytes = 0;
    while (this.#applied < this.#target && !this.#isUnderWay && !this.#paused) {
      const entry = this.#options.entry(this.#applied + 1);
      if (entry === undefined) this.#read();
      else if (bytes >= logLimits.applyTurnBytesMax) this.#rest();
      else {
        this.#apply(this.#options.machine, entry);
        bytes += entry.command.length;
      }
    }
  }

  #rest(): void {
    this.#isUnderWay = true;
    this.#options.resumeLater(() => {
      this.#isUnderWay = false;
      this.#run();
    });
  }

  #apply(machine: StateMachine<Result>, entry: Entry): void {
    const result = machine.apply(entry);
    this.#applied = entry.seq;
    this.#options.done(entry, result);
  }

  #read(): void {
    const { read, resume, failed } = this.#options;
    const from = this.#applied + 1;
    this.#isUnderWay = true;
    read(from, logLimits.applyTurnBytesMax).then(
      (entries) => resume(() => this.#continue(from, entries)),
      (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #continue(from: number, entries: readonly Entry[]): void {
    const { machine, failed } = this.#options;
    this.#isUnderWay = false;
    if (machine === undefined || this.#paused || from !== this.#applied + 1) return;
    for (const entry of entries) {
      if (entry.seq > this.#target) break;
      if (entry.seq !== this.#applied + 1) break;
      this.#apply(machine, entry);
    }
    if (this.#applied < from) failed(new Error(`the journal has lost entry ${from}`));
    else this.#run();
  }
}
