/** Faults of a database and its operators. The plan deals them, and the database ground injects them. */

export type DatabaseFault =
  /**
   * The standby is promoted, and the former primary becomes its standby from a new base backup. `late`:
   * the former primary is killed only some time after the promotion, so there are two primaries.
   */
  | {
      readonly event: 'failover';
      readonly fence: 'early' | 'late';
      /** Commits on the new primary wait for its standby from the beginning. */
      readonly waits: boolean;
      readonly forMs: number;
    }
  /** A fast shutdown of the primary, and a start. */
  | { readonly event: 'restart'; readonly forMs: number }
  /** SIGKILL for all processes of the primary, and a start, which recovers from its log. */
  | { readonly event: 'crash'; readonly forMs: number }
  /** The standby is away, so all commits wait. */
  | { readonly event: 'standby-loss'; readonly forMs: number }
  /** Other sessions take all connections. `evicts`: also those of the store's sessions, which are ended. */
  | { readonly event: 'slots'; readonly evicts: boolean; readonly forMs: number }
  /** An operator's transaction holds a lock. */
  | { readonly event: 'lock'; readonly of: keyof typeof lockStatements; readonly forMs: number }
  /** A statement_timeout for the role or the database, for sessions that begin now. */
  | {
      readonly event: 'timeout';
      readonly of: 'role' | 'database';
      readonly timeoutMs: number;
      readonly forMs: number;
    }
  /** The disk of the primary has no space left. */
  | { readonly event: 'full-disk'; readonly forMs: number };

export const lockStatements = {
  products: 'LOCK TABLE products IN ACCESS EXCLUSIVE MODE',
  catalog: "SELECT FROM leaders WHERE group_name = 'catalog' FOR UPDATE",
  order: "SELECT FROM leaders WHERE group_name = 'order' FOR UPDATE",
} as const;

/** For example `failover, late, waits`. */
export function describeDatabaseFault(fault: DatabaseFault): string {
  switch (fault.event) {
    case 'failover':
      return [fault.event, fault.fence, fault.waits ? 'waits' : []].flat().join(', ');
    case 'slots':
      return [fault.event, fault.evicts ? 'evicts' : []].flat().join(', ');
    case 'lock':
      return `${fault.event} of ${fault.of}`;
    case 'timeout':
      return `${fault.event} of ${fault.timeoutMs} ms for the ${fault.of}`;
    default:
      return fault.event;
  }
}
