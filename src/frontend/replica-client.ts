/**
 * A frontend's connection to a replica, as the failure detector, the cache session and the events use
 * it. Does not depend on sockets.
 */
import type { GroupName } from '../group/membership.js';

/** A connection to the owner of a replica. It reconnects automatically. */
export interface ReplicaClient {
  readonly name: string;
  readonly group: GroupName;
  /** True for a recovery server, which never leads. */
  readonly isRecoveryServer: boolean;
  readonly connected: boolean;
  call(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
}
