/** What a group's host is built from. */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { SnapshotMark } from '../consensus/messages.js';
import type { Rules } from '../consensus/rules.js';
import type { Doubt, Entry, MemberId, StateMachine } from '../consensus/types.js';
import type { Journal } from '../storage/types.js';
import type { Peers } from './peers.js';
import type { SnapshotPort } from './snapshot-port.js';

export interface GroupHostOptions<Result> {
  readonly id: MemberId;
  /** All voters; a witness may be named here, in `witnesses`, or in both. */
  readonly voters: readonly MemberId[];
  /** Voters that never lead and apply nothing (recovery servers). */
  readonly witnesses: readonly MemberId[];
  /** Without a vote until it has caught up (R10). */
  readonly learner: boolean;
  /** Of a learner whose journal lost no more than its last batch (A33). */
  readonly doubt?: Doubt | undefined;
  readonly incarnation: string;
  readonly journal: Journal;
  /** Undefined at a witness. */
  readonly machine: StateMachine<Result> | undefined;
  /** The snapshot that the machine was restored from; zeros where there is none. */
  readonly base: SnapshotMark;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly peers: Peers;
  /** Entries wait for `openGates` (R8). */
  readonly gated: boolean;
  readonly minCopies?: number | undefined;
  /** Every applied entry on every replica, in order, before the proposer's promise resolves. */
  readonly applied?: ((entry: Entry, result: Result) => void) | undefined;
  /** Makes it durable that this learner votes again, and that its doubt is over (R10). */
  readonly admitted?: (() => Promise<void>) | undefined;
  readonly snapshots?: SnapshotPort | undefined;
  /** For the simulator's seeded bugs alone. */
  readonly rules?: Rules | undefined;
}
