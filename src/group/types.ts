/**
 * A replicated group as a service uses it: propose, read position, gates, roles. The host behind it
 * runs the core's loop: persist, send, apply, reply (docs/PROTOCOL.md, 2).
 */

import type { BazarError } from '../base/errors.js';
import type { CandidacyPhase } from '../consensus/state.js';
import type { CandidacyFailure, Doubt, Entry, MemberId } from '../consensus/types.js';

export interface Applied<Result> {
  readonly seq: number;
  readonly result: Result;
}

export type Role = 'leader' | 'follower' | 'learner';

/** A member's attempts to lead, as frontends see them (docs/PROTOCOL.md, section 3). */
export interface CandidacyStatus {
  /** Phase of the candidacy in progress; undefined if there is none. */
  readonly phase?: CandidacyPhase | undefined;
  /**
   * Reason for the end of the last candidacy or lead without a majority; cleared when a leader is
   * known.
   */
  readonly failure?: { readonly reason: CandidacyFailure; readonly agoMs: number } | undefined;
}

export interface GroupStatus {
  readonly id: MemberId;
  readonly role: Role;
  /** True once the opening entry of the own epoch is applied (R4). */
  readonly serving: boolean;
  readonly epoch: number;
  readonly leader: MemberId | undefined;
  readonly logEnd: { readonly epoch: number; readonly seq: number };
  readonly commit: number;
  readonly applied: number;
  /** Age of the oldest entry appended here and not yet committed; 0 if there is none. */
  readonly oldestUncommittedMs: number;
  /** How long the own disk has made nothing durable although writes are pending (A7). */
  readonly diskSilentMs: number;
  readonly incarnation: string;
  /** Undefined for a member of the previous build, which reports none. */
  readonly candidacy?: CandidacyStatus | undefined;
  /** The entries that a learner may have lost, if their range is known (A33). */
  readonly doubt?: Doubt | undefined;
}

export interface Group<Result> {
  /**
   * Appends a command at the leader and resolves when it has been applied here. Rejects with
   * `unavailable` (details: `leader`) if this replica does not lead, or lost the lead, so that the
   * outcome is unknown; with `overloaded` if the uncommitted tail is full. `appended` is called
   * with the entry's seq in the same turn, before anything is sent.
   */
  propose(command: Uint8Array, appended?: (seq: number) => void): Promise<Applied<Result>>;
  /**
   * The read position (R9): resolves, with the applied seq, when this replica has applied
   * everything that any replica may have shown before the call. It does not wait for an entry
   * behind a closed gate. Rejects with `unavailable` if no leader can confirm a position.
   */
  readBarrier(): Promise<number>;
  /**
   * Resolves when a majority has answered a round begun after the call: until then no other leader
   * can have been promised to (R8, A15). Works before the leader serves; rejects if this replica
   * does not lead.
   */
  confirmLead(): Promise<number>;
  /**
   * Time at which a majority had promised to this leader (R4, tMaj), by the group's clock; else
   * undefined.
   */
  readonly electedMs: number | undefined;
  /** Visits the log entries that are not applied here; synchronously if all are in memory. */
  eachUnapplied(visit: (entry: Entry) => void): Promise<void>;
  /** The service allows entries up to `seq` to become visible (R8). Only with `gated`. */
  openGates(throughSeq: number): void;
  /**
   * At the leader: tells the other members at once which entries are visible. Otherwise they learn it
   * with the next entry or heartbeat.
   */
  announceVisible(): void;
  /**
   * A nomination (update_leader): starts an election if this replica is named, else stores the
   * hint.
   */
  nominate(leader: MemberId): void;
  status(): GroupStatus;
  onRole(listener: (status: GroupStatus) => void): void;
}

/** Answers one request of another service on the replication port. */
export interface PeerReply {
  result(value: unknown): void;
  fail(error: BazarError): void;
}
