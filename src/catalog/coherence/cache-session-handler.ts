/**
 * The sessions of frontends' caches as they ask for them (docs/PROTOCOL.md, R8): a lease is granted
 * only to a registered process, by a leader that a majority has vouched for since the process
 * asked. A leader that does not serve yet grants as well: that is what it waits for.
 */
import { BazarError } from '../../base/errors.js';
import type { Logger } from '../../base/logging.js';
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
import type { Peer, PeerReply } from './peer.js';

/** An invalidation that is not acknowledged for so long is not coming back: the session is cut. */
const invalidationMs = 5_000;

export interface CacheSessionHandlerOptions {
  readonly store: CoherentStore;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

interface Held {
  readonly holder: CacheHolder;
  readonly generation: number;
}

export class CacheSessionHandler {
  readonly #options: CacheSessionHandlerOptions;
  readonly #store: CoherentStore;
  readonly #held = new Map<Peer, Held>();

  constructor(options: CacheSessionHandlerOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#store.gates.sessions.onLapse((process) => {
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
    this.#drop(process, attempt);
    await leases.register(process, frontend);
    await this.#store.confirmLead();
    const { logEnd } = this.#requireLead(epoch);
    if (peer.closed || gates.sessions.attemptOf(process) !== attempt) {
      throw new BazarError('conflict', 'the process has begun another session meanwhile');
    }
    if (!leases.isRegistered(process)) {
      throw new BazarError('unavailable', 'the registration does not hold yet');
    }
    const holder = this.#holder(peer, process);
    const generation = gates.sessions.begin(holder, gates.appendedSeq, this.#options.nowMs());
    this.#held.set(peer, { holder, generation });
    this.#options.logger.info({ frontend, process, generation, epoch }, 'cache session begun');
    return [logEnd.seq, epoch, generation];
  }

  /** Calls back with what to say; at once where there is nothing to wait for. */
  async renew(peer: Peer, [process, generation]: RenewParams, reply: PeerReply): Promise<void> {
    const { sessions } = this.#store.gates;
    const held = this.#held.get(peer);
    const isOwn = held?.holder.process === process && held.generation === generation;
    const sent = isOwn ? sessions.sentTo(process, generation) : undefined;
    if (sent === undefined) throw lapsed();
    await this.#store.confirmLead();
    const done = (isGranted: boolean): void => {
      if (isGranted) reply.result(null);
      else reply.fail(lapsed());
    };
    sessions.renew(process, generation, { sent, done }, this.#options.nowMs());
  }

  /** The process ends, or knows that it will not be asked any more. */
  end(peer: Peer, [process, attempt]: EndSessionParams): void {
    this.#drop(process, attempt);
    this.#held.delete(peer);
    if (!this.#store.status().serving) return;
    // What keeps it on the roll keeps it until the next look at the dead.
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
      invalidate: (seq, { ids, names, topics }, acknowledged) => {
        const params: InvalidateParams = [seq, ids, names, topics];
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

  /** A frontend that does not acknowledge may serve what is old: it must notice that it is alone. */
  #cut(peer: Peer, error: BazarError): void {
    if (peer.closed) return;
    this.#options.logger.warn({ remote: peer.remote, error: error.message }, 'frontend is silent');
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

function lapsed(): BazarError {
  return new BazarError('conflict', 'the lease has run out: begin a session');
}
