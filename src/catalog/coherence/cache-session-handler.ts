/**
 * Handles the cache session requests of frontends (docs/PROTOCOL.md, R8). A lease needs a
 * registered process and a leader that a majority has confirmed since the request. A leader that
 * does not serve yet grants leases too, because it waits for these sessions before it can serve.
 */
import { BazarError } from '../../base/errors.js';
import type { Logger } from '../../base/logging.js';
import type { PeerReply } from '../../group/types.js';
import type {
  EndSessionParams,
  InvalidateParams,
  RecordsParams,
  RenewParams,
  SessionAnswer,
  SessionParams,
} from '../../wire/internal.js';
import type { CacheHolder } from './cache-sessions.js';
import type { CoherentStore } from './coherent-store.js';
import type { Peer } from './peer.js';

/** Without an acknowledgement in this time, the leader closes the session's connection. */
const invalidationMs = 5_000;

export interface CacheSessionHandlerOptions {
  readonly store: CoherentStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

interface Held {
  readonly holder: CacheHolder;
  readonly sessionNumber: number;
}

export class CacheSessionHandler {
  readonly #options: CacheSessionHandlerOptions;
  readonly #store: CoherentStore;
  readonly #held = new Map<Peer, Held>();

  constructor(options: CacheSessionHandlerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#store.gates.sessions.onExpiry((process) => {
      options.logger.info({ process }, 'the lease of a cache ran out');
    });
  }

  get peers(): Iterable<Peer> {
    return this.#held.keys();
  }

  async begin(peer: Peer, params: SessionParams): Promise<SessionAnswer> {
    const [frontend, process, attempt, epoch] = params;
    const { gates, leases } = this.#store;
    this.#requireLead(epoch);
    // The process has dropped its cache. Its former session ends here, one with a former leader
    // included: the registration below would otherwise wait for this process's own lease.
    this.#drop(process, attempt);
    await leases.register(process, frontend);
    await this.#store.confirmLead();
    const { logEnd } = this.#requireLead(epoch);
    if (peer.closed || gates.sessions.attemptOf(process) !== attempt) {
      throw new BazarError('conflict', 'the process has begun another session since');
    }
    if (!leases.isRegistered(process)) {
      throw new BazarError('unavailable', 'the registration is not valid yet');
    }
    const holder = this.#holder(peer, process);
    const sessionNumber = gates.sessions.begin(holder, gates.appendedSeq, this.#options.nowMs());
    this.#held.set(peer, { holder, sessionNumber });
    this.#options.logger.info(
      { frontend, process, generation: sessionNumber, epoch },
      'cache session begun',
    );
    return [logEnd.seq, epoch, sessionNumber];
  }

  /** Replies when the renewal is decided, possibly in this call. */
  async renew(peer: Peer, [process, sessionNumber]: RenewParams, reply: PeerReply): Promise<void> {
    const { sessions } = this.#store.gates;
    const held = this.#held.get(peer);
    const isOwn = held?.holder.process === process && held.sessionNumber === sessionNumber;
    const sent = isOwn ? sessions.sentTo(process, sessionNumber) : undefined;
    if (sent === undefined) throw leaseExpired();
    await this.#store.confirmLead();
    const done = (isGranted: boolean): void => {
      if (isGranted) reply.result(null);
      else reply.fail(leaseExpired());
    };
    sessions.renew(process, sessionNumber, { sent, done }, this.#options.nowMs());
  }

  /** Ends the session: the process stops, or it knows that no further request will come. */
  end(peer: Peer, [process, attempt]: EndSessionParams): void {
    this.#drop(process, attempt);
    this.#held.delete(peer);
    if (!this.#store.status().serving) return;
    // If this fails, the next pass over the dead processes deregisters the process.
    this.#store.leases.deregister(process).catch(() => {});
  }

  closed(peer: Peer): void {
    const held = this.#held.get(peer);
    if (!held) return;
    this.#held.delete(peer);
    this.#store.gates.sessions.closed(held.holder);
  }

  #drop(process: string, attempt: number): void {
    const { gates } = this.#store;
    if (!gates.sessions.dropped(process, attempt)) {
      throw new BazarError('conflict', 'the process has begun a later session');
    }
    gates.advance();
  }

  #holder(peer: Peer, process: string): CacheHolder {
    return {
      process,
      invalidate: (seq, { ids, changedNames, topics }, acknowledged) => {
        const params: InvalidateParams = [seq, ids, changedNames, topics];
        peer.request('invalidate', params, invalidationMs, (error) => {
          if (error === undefined) acknowledged();
          else this.#cut(peer, error);
        });
      },
      push: (seq, records) => {
        const params: RecordsParams = [seq, records];
        peer.notify('records', params);
      },
    };
  }

  /**
   * A frontend that does not acknowledge may serve old values: closing the connection makes it stop.
   */
  #cut(peer: Peer, error: BazarError): void {
    if (peer.closed) return;
    this.#options.logger.warn(
      { remote: peer.remote, error: error.message },
      'frontend does not acknowledge an invalidation',
    );
    peer.destroy(error);
  }

  #requireLead(epoch: number) {
    const status = this.#store.status();
    if (status.role === 'leader' && status.epoch === epoch) return status;
    throw new BazarError('unavailable', `${status.id} does not lead the catalog in ${epoch}`, {
      details: { leader: status.leader },
    });
  }
}

function leaseExpired(): BazarError {
  return new BazarError('conflict', 'the lease has run out: begin a session');
}
