/**
 * The leader's side of the cache leases in the model: it grants leases, tells the holders about each new
 * entry, and opens the gates in order. Invariant: a gate opens when every holder has acknowledged its entry
 * or has no lease (docs/PROTOCOL.md, R8), and none before the leases of a former leader have run out (A14).
 */
import type { Clock } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import type { Group } from '../../src/group/types.js';

/** The rules of the leases and the tables that a seeded bug switches off. */
export interface ReplicaRules {
  /** R8: a gate waits for the holders. */
  readonly gatesWaitForLeases: boolean;
  /** A14: a new leader waits for the leases of the former one. */
  readonly newLeadWaits: boolean;
  /** A15: a lease is granted after a confirmation of the lead. */
  readonly grantsConfirmed: boolean;
  /** A13: no value is cached that an undecided entry may change. */
  readonly undecidedNotCached: boolean;
  /** S5: the tables show only applied entries. */
  readonly tablesBehindGates: boolean;
  /** A proposal that a lost lead had appended is rejected as unknown. */
  readonly lossIsUnknown: boolean;
}

export const allReplicaRules: ReplicaRules = {
  gatesWaitForLeases: true,
  newLeadWaits: true,
  grantsConfirmed: true,
  undecidedNotCached: true,
  tablesBehindGates: true,
  lossIsUnknown: true,
};

/** A state of the machine: the number of values, and the last one. */
export interface Values {
  readonly length: number;
  readonly last: string | undefined;
}

export interface CacheGrant {
  /** The session, which lasts as long as the lead: the epoch. */
  readonly session: number;
  /** The entry after which the values were read. */
  readonly seq: number;
  /** Absent: an undecided entry may change them. */
  readonly values: Values | undefined;
}

export interface LeaseBookOptions {
  readonly clock: Clock;
  readonly group: Pick<Group<unknown>, 'status' | 'confirmLead' | 'electedMs' | 'openGates'>;
  readonly leaseMs: number;
  readonly holders: readonly string[];
  readonly rules: ReplicaRules;
  readonly values: () => Values;
  /** Resolves when the holder has dropped what is older than this entry. */
  readonly invalidate: (holder: string, seq: number) => Promise<void>;
  /** Called before the group opens the gates through this one. */
  readonly opened: (seq: number) => void;
}

interface Session {
  untilMs: number;
  acknowledged: number;
}

export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #sessions = new Map<string, Session>();
  #epoch = 0;
  #appended = 0;
  #opened = 0;
  #isAsleep = false;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
  }

  /** The replica leads in a new epoch. */
  began(epoch: number, end: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#sessions.clear();
    this.#appended = end;
    this.#opened = 0;
    this.#open();
  }

  appended(seq: number): void {
    this.#appended = seq;
    for (const holder of this.#sessions.keys()) this.#invalidate(holder, seq);
    this.#open();
  }

  /** `wanted`: the session that goes on; undefined: a new one, and the holder has dropped its values. */
  async renew(holder: string, wanted: number | undefined): Promise<CacheGrant> {
    const { clock, group, leaseMs, rules, values } = this.#options;
    const epoch = this.#ownEpoch();
    if (wanted !== undefined && wanted !== epoch) {
      throw new BazarError('unavailable', 'the session has ended with its lead');
    }
    if (rules.grantsConfirmed) await group.confirmLead();
    if (epoch === undefined || this.#ownEpoch() !== epoch) {
      throw new BazarError('unavailable', 'this replica does not lead');
    }
    const nowMs = clock.nowMs();
    const { applied, logEnd } = group.status();
    const session = this.#sessions.get(holder);
    // What an expired session had in its cache is not used again.
    const isOpen = session !== undefined && session.untilMs > nowMs;
    const acknowledged = isOpen ? session.acknowledged : logEnd.seq;
    this.#sessions.set(holder, { untilMs: nowMs + leaseMs, acknowledged });
    if (acknowledged < this.#appended) this.#invalidate(holder, this.#appended);
    this.#open();
    const isDecided = applied === logEnd.seq || !rules.undecidedNotCached;
    return { session: epoch, seq: applied, values: isDecided ? values() : undefined };
  }

  #ownEpoch(): number | undefined {
    return this.#options.group.electedMs === undefined ? undefined : this.#epoch;
  }

  #invalidate(holder: string, seq: number): void {
    const epoch = this.#epoch;
    void this.#options.invalidate(holder, seq).then(() => {
      const session = this.#sessions.get(holder);
      if (epoch !== this.#epoch || session === undefined) return;
      session.acknowledged = Math.max(session.acknowledged, seq);
      this.#open();
    });
  }

  /** Opens the gates that nothing holds back, and returns when something may have changed. */
  #open(): void {
    const { clock, group, opened } = this.#options;
    const electedMs = this.#ownEpoch() === undefined ? undefined : group.electedMs;
    if (electedMs === undefined) return;
    const waitMs = this.#formerMs(electedMs) - clock.nowMs();
    if (waitMs > 0) {
      this.#openLater(waitMs);
      return;
    }
    const through = this.#through();
    if (through < this.#appended) this.#openLater(this.#expiryMs(through) - clock.nowMs());
    if (through <= this.#opened) return;
    this.#opened = through;
    opened(through);
    group.openGates(through);
  }

  /** Until when a lease of a former leader may last. */
  #formerMs(electedMs: number): number {
    const { holders, leaseMs, rules } = this.#options;
    const haveAllAsked = holders.every((holder) => this.#sessions.has(holder));
    return haveAllAsked || !rules.newLeadWaits ? 0 : electedMs + leaseMs;
  }

  #through(): number {
    if (!this.#options.rules.gatesWaitForLeases) return this.#appended;
    const nowMs = this.#options.clock.nowMs();
    let through = this.#appended;
    for (const { untilMs, acknowledged } of this.#sessions.values()) {
      if (untilMs > nowMs) through = Math.min(through, acknowledged);
    }
    return through;
  }

  /** When the first of the leases ends that hold back the next gate. */
  #expiryMs(through: number): number {
    const nowMs = this.#options.clock.nowMs();
    const blocking = [...this.#sessions.values()].filter(
      ({ untilMs, acknowledged }) => untilMs > nowMs && acknowledged <= through,
    );
    return Math.min(...blocking.map(({ untilMs }) => untilMs));
  }

  #openLater(ms: number): void {
    if (this.#isAsleep) return;
    this.#isAsleep = true;
    this.#options.clock.after(ms, () => {
      this.#isAsleep = false;
      this.#open();
    });
  }
}
