/**
 * Who may hold a lease at all (docs/PROTOCOL.md, R8, leader change): a process is registered by a
 * committed entry before it gets one, so that every later leader knows whom to wait for, and struck
 * off when its lease has surely run out. Invariant: whoever this leader or a former one granted a
 * lease that may still last is registered by an applied entry, and no entry of the log undoes it.
 */
import { required } from '../../base/assert.js';
import { BazarError } from '../../base/errors.js';
import type { Group, GroupStatus } from '../../group/types.js';
import { decode } from '../../wire/codec.js';
import type { CatalogCommand } from '../../wire/internal.js';
import type { CatalogMachine, CatalogResult } from '../machine/catalog-machine.js';
import { leaseSpanMs } from './cache-sessions.js';
import { PendingLeaseHolders } from './pending-lease-holders.js';
import type { VisibilityGates } from './visibility-gates.js';

export interface LeasesOptions {
  readonly group: Group<CatalogResult>;
  readonly machine: CatalogMachine;
  readonly gates: VisibilityGates;
  readonly propose: (command: CatalogCommand) => Promise<CatalogResult>;
}

export class Leases {
  readonly #options: LeasesOptions;
  readonly #holders: PendingLeaseHolders;
  /** Of the present lead. */
  #epoch = 0;
  /** Where the log ended when it began. */
  #logEnd = 0;
  /** The roll has every word of that log, or as it turned out cannot get them. */
  #seen = Promise.resolve();
  #isSeen = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#holders = new PendingLeaseHolders(options.machine);
  }

  /**
   * This replica begins to lead. A former leader may have granted leases until a majority promised
   * to this one, and none after; whoever is registered may hold one, and nobody else.
   */
  lead({ epoch, logEnd, applied }: GroupStatus): void {
    const { group, gates } = this.#options;
    this.#holders.clear();
    this.#epoch = epoch;
    this.#logEnd = logEnd.seq;
    this.#isSeen = false;
    gates.lead(logEnd.seq, applied, required(group.electedMs, 'tMaj') + leaseSpanMs());
    let last: number | undefined;
    const reach = (next: number): void => {
      if (last !== undefined && next > last + 1) this.#holders.gap();
      last = next;
    };
    const seen = group.eachUnapplied((entry) => {
      if (this.#epoch !== epoch) return;
      reach(entry.epoch);
      if (entry.command.length === 0) return;
      this.#holders.note(entry.seq, decode(entry.command) as CatalogCommand);
    });
    this.#seen = seen.then(
      () => {
        if (this.#epoch !== epoch) return;
        reach(epoch);
        this.#isSeen = true;
        gates.sessions.expect(this.#holders.everybody());
        gates.advance();
      },
      // Not known, then: everybody is waited for until no lease can last.
      () => {},
    );
  }

  resign(): void {
    this.#epoch = 0;
    this.#isSeen = false;
    this.#holders.clear();
    this.#options.gates.resign();
  }

  appended(seq: number, command: CatalogCommand): void {
    this.#holders.note(seq, command);
  }

  applied(seq: number): void {
    this.#holders.applied(seq);
  }

  /** By an applied entry, which no later one takes back. */
  isRegistered(process: string): boolean {
    return this.#knowsLog && this.#holders.has(process);
  }

  async register(process: string, frontend: string): Promise<void> {
    // The log of the election may strike it off, deep in what must be read from the disk.
    await this.#seen;
    if (!this.#knowsLog) throw new BazarError('unavailable', 'who is registered is not known yet');
    if (this.#holders.has(process)) return;
    const result = await this.#options.propose(['register', process, frontend]);
    if (result.kind !== 'registered' || !result.ok) {
      throw new BazarError('overloaded', 'too many frontends hold leases');
    }
  }

  /** Strikes off whoever is registered and surely holds no lease. */
  async deregisterDead(): Promise<void> {
    const { machine, gates } = this.#options;
    gates.advance();
    if (!this.#knowsLog) return;
    const dead = machine
      .registered()
      .map(([process]) => process)
      .filter((process) => !gates.sessions.has(process) && !this.#holders.isUndecided(process));
    await Promise.all(dead.map((process) => this.deregister(process)));
  }

  /** The process holds no lease; before it gets one again it must register anew. */
  async deregister(process: string): Promise<void> {
    const { sessions } = this.#options.gates;
    const attempt = sessions.attemptOf(process);
    this.#holders.deregister(process);
    try {
      await this.#options.propose(['deregister', process]);
      sessions.forget(process, attempt);
    } catch (error) {
      this.#holders.keep(process);
      throw error;
    }
  }

  get #knowsLog(): boolean {
    return this.#isSeen || this.#options.group.status().applied >= this.#logEnd;
  }
}
