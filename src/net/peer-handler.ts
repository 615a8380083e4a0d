/** What the owner of a session does with what the peer asks and tells. Types alone. */
import type { RpcReply } from './open-requests.js';

export interface PeerHandler<Session> {
  /** Called once, first, in the turn in which the session begins. */
  opened?(session: Session): void;
  /** Answers now or later, by `reply`; a BazarError thrown here is the answer too. */
  request(session: Session, method: string, params: unknown, reply: RpcReply): void;
  notification?(session: Session, method: string, params: unknown): void;
  /** Called once, last, after the callbacks of all calls under way. */
  closed?(session: Session, error: Error | undefined): void;
}
