/**
 * The options of a group's host.
 */
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
  /** All voters; a recovery server may be named here, in `recoveryServers`, or in both. */
  readonly voters: readonly MemberId[];
  /** Voters that never lead and apply nothing (recovery servers). */
  readonly recoveryServers: readonly MemberId[];
  /** True if the member has no vote until it has caught up (R10). */
  readonly learner: boolean;
  /** Set for a learner whose journal lost at most its last batch (A33). */
  readonly doubt?: Doubt | undefined;
  readonly incarnation: string;
  readonly journal: Journal;
  /** Undefined for a recovery server. */
  readonly machine: StateMachine<Result> | undefined;
  /** The snapshot from which the machine was restored; zeros if there is none. */
  readonly base: SnapshotMark;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly peers: Peers;
  /** True if entries wait for `openGates` (R8). */
  readonly gated: boolean;
  readonly minCopies?: number | undefined;
  /**
   * Called with every applied entry on every replica, in order, before the proposer's promise
   * resolves.
   */
  readonly applied?: ((entry: Entry, result: Result) => void) | undefined;
  /** Records durably that this learner votes again and that its doubt is over (R10). */
  readonly admitted?: (() => Promise<void>) | undefined;
  readonly snapshots?: SnapshotPort | undefined;
  /** Only for the simulator's seeded bugs. */
  readonly rules?: Rules | undefined;
}
