/**
 * The session program for the relay's measurement: answers `ping` in the thread, and `owner` by a call
 * to the owner. A listener named 'bytes' echoes its input.
 */
import { systemClock } from '../src/base/clock.js';
import { toBazarError } from '../src/base/errors.js';
import { wireLimits } from '../src/base/limits.js';
import { type RpcHandler, RpcSession } from '../src/net/rpc-session.js';
import type { Connection } from '../src/net/types.js';
import type { ProgramFactory } from '../src/pool/types.js';

export const program: ProgramFactory = (owner) => {
  const handler: RpcHandler = {
    request(_session, method, params, reply) {
      if (method === 'ping') reply.result(params);
      else {
        owner.call('echo', params).then(
          (result) => reply.result(result),
          (error) => reply.fail(toBazarError(error)),
        );
      }
    },
  };
  return {
    open(connection, kind) {
      if (kind === 'bytes') echoBytes(connection);
      else echoMessages(connection, handler);
    },
    told: () => {},
    drain: async () => {},
  };
};

export function echoBytes(connection: Connection): void {
  connection.start({
    data: (chunk) => {
      connection.write(chunk);
    },
    end: () => connection.end(),
    closed: () => {},
  });
}

export function echoMessages(connection: Connection, handler: RpcHandler): void {
  const frameBytesMax = wireLimits.publicFrameBytesMax;
  new RpcSession(connection, { handler, clock: systemClock, trusted: false, frameBytesMax });
}
