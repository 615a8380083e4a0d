/**
 * The program of the session threads of a group's member: sessions of other services are
 * authenticated, the shapes of requests are checked, and each request is passed to the owner with
 * all others of its turn. Shared by catalog and order; the service defines its methods.
 */
import { systemClock } from '../base/clock.js';
import { BazarError, toBazarError } from '../base/errors.js';
import { wireLimits } from '../base/limits.js';
import { sessionPlaces } from '../base/open-files.js';
import { systemRandom } from '../base/random.js';
import type { PeerTlsFiles } from '../base/tls-files.js';
import { authenticatedHandler, type Identity } from '../net/handshake.js';
import { RpcServer } from '../net/rpc-server.js';
import type { RpcHandler } from '../net/rpc-session.js';
import { peerTransport } from '../net/tls-transport.js';
import type { OwnerLink, SessionProgram } from '../pool/types.js';
import { callOwner } from './headed-calls.js';

/** The member's credentials, passed to its threads by structured clone. */
export interface MemberCredentials {
  readonly identity: Identity;
  readonly cluster: string;
  readonly group: string;
  readonly token: string;
}

/** The data that its threads need. */
export interface ThreadCredentials extends MemberCredentials {
  readonly tls: PeerTlsFiles | undefined;
}

/** For each method, a check of the params' shape. */
export type Shapes = Readonly<Record<string, (params: unknown) => boolean>>;

export function memberProgram(
  owner: OwnerLink,
  { tls, ...credentials }: ThreadCredentials,
  shapes: Shapes,
): SessionProgram {
  const handler: RpcHandler = {
    request(_session, method, params, reply, header) {
      const shape = Object.hasOwn(shapes, method) ? shapes[method] : undefined;
      if (!shape) throw new BazarError('unknown_method', `unknown method "${method}"`);
      if (!shape(params)) throw new BazarError('invalid_argument', `bad params of ${method}`);
      callOwner(owner, method, params, header).then(
        (result) => reply.result(result),
        (error: unknown) => reply.fail(toBazarError(error)),
      );
    },
  };
  const handshake = { ...credentials, clock: systemClock, random: systemRandom };
  const server = new RpcServer({
    newHandler: () => authenticatedHandler(handshake, () => handler),
    clock: systemClock,
    trusted: false,
    // Unauthenticated peers may not send large frames.
    frameBytesMax: wireLimits.publicFrameBytesMax,
    handshakesMax: sessionPlaces().handshakes,
  });
  return {
    open: (connection) => void server.accept(connection),
    listen: (address, accept) => peerTransport(tls).listen(address, accept),
    told: () => {},
    drain: () => server.drain(),
  };
}
