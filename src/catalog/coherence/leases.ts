/**
 * Decides which frontend processes may hold a lease (docs/PROTOCOL.md, R8, leader change). A
 * committed entry registers a process before its first lease, so that every later leader knows the
 * processes that it must wait for. Another entry deregisters it when its lease has certainly
 * expired. Invariant: a process whose lease from this or a former leader may still be valid is
 * registered by an applied entry, and no later log entry deregisters it.
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
  /** Epoch in which this replica leads. */
  #epoch = 0;
  /** Last seq of the log when this replica began to lead. */
  #logEnd = 0;
  /**
   * Settles when the pending lease holders include all entries through #logEnd, or when these
   * cannot be read.
   */
  #seen = Promise.resolve();
  #isSeen = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#holders = new PendingLeaseHolders(options.machine);
  }

  /**
   * This replica begins to lead. A former leader may have granted leases only until a majority
   * promised to this leader. Only registered processes can hold such a lease.
   */
  startLeading({ epoch, logEnd, applied }: GroupStatus): void {
    const { group, gates } = this.#options;
    this.#holders.clear();
    this.#epoch = epoch;
    this.#logEnd = logEnd.seq;
    this.#isSeen = false;
    gates.startLeading(
      logEnd.seq,
      applied,
      required(group.electedMs, 'time of the majority promise (R4, tMaj)') + leaseSpanMs(),
    );
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
      // The lease holders are unknown: entries wait until no old lease can be valid.
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

  /** True if an applied entry registers the process and no later entry deregisters it. */
  isRegistered(process: string): boolean {
    return this.#knowsLog && this.#holders.has(process);
  }

  async register(process: string, frontend: string): Promise<void> {
    // The log from before the election may deregister the process in an entry that must be read
    // from disk.
    await this.#seen;
    if (!this.#knowsLog) throw new BazarError('unavailable', 'the lease holders are not known yet');
    if (this.#holders.has(process)) return;
    const result = await this.#options.propose(['register', process, frontend]);
    if (result.kind !== 'registered' || !result.ok) {
      throw new BazarError('overloaded', 'too many frontends hold leases');
    }
  }

  /** Deregisters the registered processes that certainly hold no lease. */
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

  /** Deregisters a process that holds no lease. It must register again before its next lease. */
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
