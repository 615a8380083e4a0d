/**
 * What a session thread's program is, and how it talks to its owner. A service hands the pool the
 * module of its program; the pool runs it in each thread (or, with no threads, on the owner).
 */
import type { Address } from '../base/address.js';
import type { Connection, Listener } from '../net/types.js';
import type { RequestHeader } from '../wire/request-header.js';

/**
 * The thread's line to its owner: everything called in one turn travels in one piece. Arguments
 * and results are values of the codec; undefined arrives as null.
 */
export interface OwnerLink {
  /** Calls the owner; rejects with a BazarError. */
  call(operation: string, args: unknown): Promise<unknown>;
  /** Tells the owner something, without an answer. */
  tell(operation: string, args: unknown): void;
}

/** What runs in a session thread. */
export interface SessionProgram {
  /**
   * A new session of the listener named `kind` (as 'raw' or 'http'). What a session's handlers
   * throw closes that session alone; what is thrown elsewhere ends the thread, which is replaced.
   */
  open(connection: Connection, kind: string): void;
  /**
   * Listens in the thread itself, on a port that other threads may listen on too. Absent where the
   * program gets its sessions from the owner alone.
   */
  listen?(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** A message of the owner to all its threads; a replaced thread gets the last one of each topic. */
  told(topic: string, message: unknown): void;
  /** No new sessions or requests; resolves when the requests under way are answered. */
  drain(): Promise<void>;
}

/** The `program` export of a thread's module. `data` is structured-cloneable and may hold SharedArrayBuffers. */
export type ProgramFactory = (
  owner: OwnerLink,
  data: unknown,
) => SessionProgram | Promise<SessionProgram>;

/** A call as the owner sees it; `reply` is called exactly once. */
export interface OwnerCall {
  readonly operation: string;
  readonly args: unknown;
  /** By which names logs know the request that it is part of. */
  readonly header?: RequestHeader;
  readonly reply: (error: Error | undefined, result?: unknown) => void;
}

export interface ThreadStatus {
  readonly state: 'starting' | 'running' | 'crashed' | 'stopped';
  readonly sessions: number;
  /** Calls to the owner without an answer yet. */
  readonly callsOutstanding: number;
  /** Bytes read from sockets that the thread has not consumed, to within a credit per session. */
  readonly inputBytes: number;
  /** Bytes written by the thread that the network has not taken. */
  readonly outputBytes: number;
  readonly crashes: number;
}

export interface PoolStatus {
  readonly threads: readonly ThreadStatus[];
  readonly sessions: number;
  /** Connections that were closed at once, for there are too many. */
  readonly refused: number;
}
