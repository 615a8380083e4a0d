/**
 * What a service sees of its replicated group: propose, read position, gates, roles. The host
 * behind it runs the core's one loop: persist, send, apply, reply (docs/PROTOCOL.md, 2).
 */

import type { CandidacyPhase } from '../consensus/state.js';
import type { CandidacyFailure, Doubt, Entry, MemberId } from '../consensus/types.js';

export interface Applied<Result> {
  readonly seq: number;
  readonly result: Result;
}

export type Role = 'leader' | 'follower' | 'learner';

/** What frontends learn of a member's attempts to lead (docs/PROTOCOL.md, section 3). */
export interface CandidacyStatus {
  /** Of the candidacy under way; undefined where there is none. */
  readonly phase?: CandidacyPhase | undefined;
  /** How the last candidacy or lead ended, where no majority answered; until a leader is heard. */
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
  /** Age of the oldest entry appended here and not yet committed; 0 where there is none. */
  readonly oldestUncommittedMs: number;
  /** How long the own disk has made nothing durable although something waits for it (A7). */
  readonly diskSilentMs: number;
  readonly incarnation: string;
  /** Undefined from a member of the build before, which reports none. */
  readonly candidacy?: CandidacyStatus | undefined;
  /** What a learner may have forgotten, where it knows how much (A33). */
  readonly doubt?: Doubt | undefined;
}

export interface Group<Result> {
  /**
   * Appends a command at the leader and resolves when it has been applied here. Rejects with
   * `unavailable` (details: `leader`) where this replica does not lead, or lost the lead, so that
   * the outcome is unknown; with `overloaded` where the uncommitted tail is full.
   * `appended` is called with the entry's seq in the same turn, before anything is sent.
   */
  propose(command: Uint8Array, appended?: (seq: number) => void): Promise<Applied<Result>>;
  /**
   * The read position (R9): resolves, with the seq applied, when this replica has applied all that
   * any replica may have shown before the call. An entry behind a closed gate is not waited for.
   * Rejects with `unavailable` where no leader can vouch for it.
   */
  readBarrier(): Promise<number>;
  /**
   * Resolves when a majority has answered a round begun after the call: until then no other could
   * have been promised to (R8, A15). Serving or not; rejects where this replica does not lead.
   */
  confirmLead(): Promise<number>;
  /** When a majority had promised to this leader (R4, tMaj), by the group's clock; else undefined. */
  readonly electedMs: number | undefined;
  /** Visits what the log holds beyond what is applied here; at once, where memory has it all. */
  eachUnapplied(visit: (entry: Entry) => void): Promise<void>;
  /** Entries up to `seq` may become visible as far as the service is concerned (R8). Only with `gated`. */
  openGates(throughSeq: number): void;
  /** A nomination (update_leader): stand for election if this replica is named, else remember the hint. */
  nominate(leader: MemberId): void;
  status(): GroupStatus;
  onRole(listener: (status: GroupStatus) => void): void;
}
