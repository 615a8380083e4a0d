/** What the owner of a session gives it: a handler for what the peer asks and tells, and limits. */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logging.js';
import type { MemoryBudget } from '../base/memory-budget.js';
import type { WorkTurns } from '../base/work-turns.js';
import type { RequestHeader } from '../wire/request-header.js';
import type { RpcReply } from './open-requests.js';

export interface PeerHandler<Session> {
  /** Called once, first, in the turn in which the session begins. */
  opened?(session: Session): void;
  /**
   * The requests between these calls have all arrived before the first call, and come in the same turn.
   * A handler that reads a clock for each of them may read it once.
   */
  inputBegins?(): void;
  inputEnds?(): void;
  /** Answers now or later, by `reply`; a BazarError thrown here is the answer too. */
  request(
    session: Session,
    method: string,
    params: unknown,
    reply: RpcReply,
    header?: RequestHeader,
  ): void;
  notification?(session: Session, method: string, params: unknown): void;
  /** Called once, last, after the callbacks of all calls under way. */
  closed?(session: Session, error: Error | undefined): void;
}

export const outputLimits = {
  /** No output limit is below it: only a full connection says when it has drained. */
  bytesFloor: 65_536,
  /** At this multiple of its output limit a session is closed. */
  closeFactor: 4,
} as const;

export interface SessionOptions<Session> {
  readonly handler: PeerHandler<Session>;
  readonly clock: Clock;
  /** The peer is one of ours: its frames go to the decoder without the structural scan. */
  readonly trusted: boolean;
  readonly frameBytesMax: number;
  readonly inFlightMax?: number;
  /** At least `bytesFloor`. */
  readonly outputBytesMax?: number;
  readonly logger?: Logger;
  /** Shared with the other sessions of the thread; undefined: nothing but the own limits. */
  readonly budget?: MemoryBudget;
  /** Shared with the other sessions of the thread; undefined: all that came is read at once. */
  readonly turns?: WorkTurns;
  /** For whoever keeps the sessions; called after the handler's own `closed`. */
  readonly closed?: (session: Session, error: Error | undefined) => void;
}
