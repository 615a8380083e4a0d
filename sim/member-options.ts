/** The options of a simulated member: its place in a group, and a service for each of its lives. */
import type { SnapshotMark } from '../src/consensus/messages.js';
import type { Entry, MemberId, SnapshotMachine, StateMachine } from '../src/consensus/types.js';
import type { GroupHost } from '../src/group/host.js';
import type { MemberHandler } from '../src/group/member-handler.js';
import type { SnapshotStore } from '../src/storage/snapshot-store.js';
import type { CatalogCommand } from '../src/wire/internal.js';
import type { ServiceListeners } from './listeners.js';
import type { Life } from './process.js';
import type { Process } from './processes.js';
import type { GroupName } from './world.js';

/** One life of a service: its machine, and the parts built on its host. */
export interface Service<Result> {
  readonly machine: StateMachine<Result>;
  /** The same machine, if it has snapshots. */
  readonly saved?: SnapshotMachine<Result>;
  /** Restores the newest whole snapshot; zeros if there is none. */
  restoreFrom(snapshots: SnapshotStore): Promise<SnapshotMark>;
  applied(entry: Entry, result: Result): void;
  propose?(command: CatalogCommand): void;
  /** Further conditions of a leader. */
  canServe?(): boolean;
  /** The newest log time of the catalog that it knows. */
  logTime?(): number;
  open(host: GroupHost<Result>, memberHandler: MemberHandler): ServiceListeners;
}

/** What a service uses of the member that it runs in. */
export interface MemberOfService {
  readonly name: MemberId;
  ask(to: MemberId, method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  readEntry(seq: number): Promise<Entry | undefined>;
}

export interface MemberOptions<Result> {
  readonly name: MemberId;
  readonly index: number;
  readonly group: GroupName;
  readonly voters: readonly MemberId[];
  readonly recoveryServers: readonly MemberId[];
  readonly gated: boolean;
  readonly keepsSnapshots: boolean;
  /** The process that it shares with the log of another group. */
  readonly beside?: Process | undefined;
  /** Undefined at a recovery server. */
  readonly service: ((life: Life, member: MemberOfService) => Service<Result>) | undefined;
}
