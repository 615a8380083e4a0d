/**
 * What keeps a member's log: a journal on this machine, or a database (docs/SQL-ENGINE.md). The member
 * supplies the connections to the others and the state machine.
 */
import type { Clock } from '../base/clock.js';
import type { ServiceConfig } from '../base/config.js';
import type { Histogram } from '../base/histogram.js';
import type { Logger } from '../base/logging.js';
import type { Entry, StateMachine } from '../consensus/types.js';
import type { Membership } from './membership.js';
import type { RpcPeers } from './rpc-peers.js';
import type { Group, PeerReply } from './types.js';

/** The running log of a member. */
export interface GroupHandle<Result> extends Group<Result> {
  /** Resolves with the reason when the process must end. */
  readonly failed: Promise<Error>;
  start(): Promise<void>;
  /** Stops taking part; waiting requests are refused. */
  stop(): void;
  /** A frontend has checked this member and has received the answer to its last check (A39). */
  attended(): void;
}

export interface EngineParts<Result> {
  readonly config: ServiceConfig;
  readonly membership: Membership;
  readonly peers: RpcPeers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly machine: StateMachine<Result>;
  /** True if entries wait for `openGates` (R8). */
  readonly gated: boolean;
  readonly applied: (entry: Entry, result: Result) => void;
}

export interface Engine<Result> {
  /** Identifies this member's life: of its folder, or of its process. */
  readonly incarnation: string;
  readonly clusterId: string;
  /** Seconds until a batch was durable. */
  readonly writes: Histogram;
  newGroup(parts: EngineParts<Result>): GroupHandle<Result>;
  /** Answers a request of another member; returns false if it is none of the engine. */
  request(method: string, params: unknown, reply: PeerReply): boolean;
  /** Called when the group has stopped. */
  close(): Promise<void>;
}
