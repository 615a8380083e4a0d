/**
 * The program of a session thread and its interface to the owner. A service gives the pool the
 * module of its program; the pool runs it in each thread, or on the owner if there are no threads.
 */
import type { Address } from '../base/address.js';
import type { Connection, Listener } from '../net/types.js';
import type { RequestHeader } from '../wire/request-header.js';

/**
 * The thread's channel to its owner. All calls of one turn are sent together. Arguments and results
 * are values of the codec; undefined arrives as null.
 */
export interface OwnerLink {
  /** Calls the owner; rejects with a BazarError. */
  call(operation: string, args: unknown): Promise<unknown>;
  /** Sends the owner a message without an answer. */
  tell(operation: string, args: unknown): void;
}

/** The program of a session thread. */
export interface SessionProgram {
  /**
   * A new session of the listener named `kind`, such as 'raw' or 'http'. An error in a session's
   * handlers closes only that session; any other error ends the thread, which is replaced.
   */
  open(connection: Connection, kind: string): void;
  /**
   * Listens in the thread itself, on a port that other threads may share. Absent if the program
   * gets its sessions only from the owner.
   */
  listen?(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /**
   * A message of the owner to all its threads. A replaced thread gets the last one of each topic.
   */
  told(topic: string, message: unknown): void;
  /** Accepts no new sessions or requests; resolves when the requests in progress are answered. */
  drain(): Promise<void>;
}

/**
 * The `program` export of a thread's module. `data` must be structured-cloneable and may contain
 * SharedArrayBuffers.
 */
export type ProgramFactory = (
  owner: OwnerLink,
  data: unknown,
) => SessionProgram | Promise<SessionProgram>;

/** A call at the owner; `reply` must be called exactly once. */
export interface OwnerCall {
  readonly operation: string;
  readonly args: unknown;
  /** Identifies the call's request in logs. */
  readonly header?: RequestHeader;
  readonly reply: (error: Error | undefined, result?: unknown) => void;
}

export interface ThreadStatus {
  readonly state: 'starting' | 'running' | 'crashed' | 'stopped';
  readonly sessions: number;
  /** Calls to the owner without an answer yet. */
  readonly callsOutstanding: number;
  /** Bytes read from sockets and not consumed by the thread, exact to one credit a session. */
  readonly inputBytes: number;
  /** Bytes written by the thread and not sent to the network. */
  readonly outputBytes: number;
  readonly crashes: number;
}

export interface PoolStatus {
  readonly threads: readonly ThreadStatus[];
  readonly sessions: number;
  /** Connections that were closed at once, because there were too many sessions. */
  readonly refused: number;
}
