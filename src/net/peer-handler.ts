/**
 * The parts that the owner of a session provides: a handler for the peer's requests and notifications,
 * and limits.
 */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { MemoryBudget } from '../base/memory-budget.js';
import type { WorkTurns } from '../base/work-turns.js';
import type { RequestHeader } from '../wire/request-header.js';
import type { RpcReply } from './open-requests.js';

export interface PeerHandler<Session> {
  /** Called once, as the first call, in the turn in which the session begins. */
  opened?(session: Session): void;
  /**
   * The requests between these calls have all arrived before the first call, and are delivered in the
   * same turn. A handler that reads a clock for each request may read it once.
   */
  inputBegins?(): void;
  inputEnds?(): void;
  /** Answers now or later, through `reply`. A BazarError thrown here is also an answer. */
  request(
    session: Session,
    method: string,
    params: unknown,
    reply: RpcReply,
    header?: RequestHeader,
  ): void;
  notification?(session: Session, method: string, params: unknown): void;
  /** Called once, as the last call, after the callbacks of all calls under way. */
  closed?(session: Session, error: Error | undefined): void;
}

export const outputLimits = {
  /** The least output limit: a connection reports that it has drained only after it was full. */
  bytesFloor: 65_536,
  /** A session is closed at this multiple of its output limit. */
  closeFactor: 4,
} as const;

export interface SessionOptions<Session> {
  readonly handler: PeerHandler<Session>;
  readonly clock: Clock;
  /** The peer is a service of the store: its frames skip the structural scan. */
  readonly trusted: boolean;
  readonly frameBytesMax: number;
  readonly inFlightMax?: number;
  /** At least `bytesFloor`. */
  readonly outputBytesMax?: number;
  readonly logger?: Logger;
  /** Shared with the other sessions of the thread; undefined: only the session's own limits apply. */
  readonly budget?: MemoryBudget;
  /** Shared with the other sessions of the thread; undefined: all arrived input is read at once. */
  readonly turns?: WorkTurns;
  /** For the owner of the sessions; called after the handler's own `closed`. */
  readonly closed?: (session: Session, error: Error | undefined) => void;
}
