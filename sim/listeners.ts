/** A member's two ports: which handler answers which request, as in src/group. */
import type { MemberHandler } from '../src/group/member-handler.js';
import type { OwnerCall } from '../src/pool/types.js';
import type { SimPeers } from './peers.js';
import type { Life } from './process.js';
import type { Handler, Reply, Session } from './rpc.js';

/** The service's requests on the replication port. */
export interface ServiceRequests {
  request(session: Session, method: string, params: unknown, reply: Reply): boolean;
  notification(session: Session, method: string, params: unknown): void;
  closed(session: Session): void;
}

/** The service's listeners, once its host exists. */
export interface ServiceListeners {
  readonly handler: ServiceRequests;
  calls(calls: OwnerCall[]): void;
}

export function peerHandler(
  memberHandler: MemberHandler,
  peers: SimPeers,
  listeners: ServiceListeners | undefined,
): Handler {
  return {
    request(session, method, params, reply) {
      if (memberHandler.request(method, params, reply)) return;
      listeners?.handler.request(session, method, params, reply);
    },
    notification(session, method, params) {
      if (peers.notification(session, method, params)) return;
      listeners?.handler.notification(session, method, params);
    },
    closed(session) {
      peers.closed(session);
      listeners?.handler.closed(session);
    },
  };
}

/** The calls of a turn go to the owner together. */
export function serviceHandler(life: Life, listeners: ServiceListeners): Handler {
  let gathered: OwnerCall[] = [];
  return {
    request(_session, operation, args, reply) {
      const call: OwnerCall = {
        operation,
        args,
        reply: (error, result) => {
          if (error) reply.fail(error as Parameters<Reply['fail']>[0]);
          else reply.result(result);
        },
      };
      gathered.push(call);
      if (gathered.length > 1) return;
      life.afterTurn(() => {
        const calls = gathered;
        gathered = [];
        listeners.calls(calls);
      });
    },
  };
}
