/**
 * The frontend's failure detector for one group (docs/PROTOCOL.md, section 3): from the health
 * answers of the replicas it tells who leads, and whom to nominate when nobody does. A nomination
 * is only a hint; the group itself decides. Pure: it sees no clock and no socket.
 */
import { protocolTimes } from '../base/limits.js';
import type { GroupStatus } from '../group/types.js';

/** What a replica answers to `health_check`. */
export interface Health extends GroupStatus {
  readonly pid: number;
  /**
   * The newest log time of an applied entry of the catalog that the member knows. Builds before it
   * do not tell it, and a recovery server applies nothing.
   */
  readonly logTime?: number;
}

export interface Nomination {
  readonly leader: string;
  /** Who is told: the nominee itself, and the others so that they know. */
  readonly tell: readonly string[];
}

interface Sight {
  health: Health;
  atMs: number;
}

/** A nominee gets this long to win before anybody is nominated again. */
const nominationMs = 300;
/** Entries that a replica may lack and still be read from; more take it too long to catch up. */
const readerLagMax = 2_000;

export class Elector {
  readonly #members: readonly string[];
  readonly #sights = new Map<string, Sight>();
  #nominatedAtMs = Number.NEGATIVE_INFINITY;

  /** `members` are the electable replicas; a recovery server never leads. */
  constructor(members: readonly string[]) {
    this.#members = members;
  }

  answered(name: string, health: Health, nowMs: number): void {
    this.#sights.set(name, { health, atMs: nowMs });
  }

  /** The connection is closed, or an answer did not come in time. */
  lost(name: string): void {
    // The loss of a leader is news: do not sit out the last nomination.
    if (this.#sights.get(name)?.health.role === 'leader') {
      this.#nominatedAtMs = Number.NEGATIVE_INFINITY;
    }
    this.#sights.delete(name);
  }

  health(name: string): Health | undefined {
    return this.#sights.get(name)?.health;
  }

  /** When it last answered. */
  heardMs(name: string): number | undefined {
    return this.#sights.get(name)?.atMs;
  }

  /** The healthy serving leader of the highest epoch. */
  leader(nowMs: number): Health | undefined {
    return newest(this.#healthy(nowMs).filter(({ role, serving }) => role === 'leader' && serving));
  }

  /** The healthy leader of the highest epoch, whether it serves already or waits for leases. */
  lead(nowMs: number): Health | undefined {
    return newest(this.#healthy(nowMs).filter(({ role }) => role === 'leader'));
  }

  /** Who may be read from: healthy, no learner, and not far behind the leader. */
  readers(nowMs: number): string[] {
    const leader = this.leader(nowMs);
    if (!leader) return [];
    return this.#healthy(nowMs)
      .filter(({ role, applied, epoch }) => {
        const isNear = epoch === leader.epoch && leader.commit - applied <= readerLagMax;
        return role !== 'learner' && isNear;
      })
      .map(({ id }) => id);
  }

  /** Whom to nominate now: of the healthy replicas with the newest log, the one with the highest id. */
  nominate(nowMs: number): Nomination | undefined {
    if (this.lead(nowMs) || nowMs - this.#nominatedAtMs < nominationMs) return undefined;
    const healthy = this.#healthy(nowMs).filter((health) => health.role !== 'learner');
    const [best] = healthy.sort(byLogThenId);
    if (!best) return undefined;
    this.#nominatedAtMs = nowMs;
    return { leader: best.id, tell: healthy.map((health) => health.id) };
  }

  #healthy(nowMs: number): Health[] {
    const healthy: Health[] = [];
    for (const name of this.#members) {
      const sight = this.#sights.get(name);
      if (!sight || nowMs - sight.atMs > protocolTimes.healthCheckTimeoutMs) continue;
      const { oldestUncommittedMs, diskSilentMs } = sight.health;
      if (oldestUncommittedMs > protocolTimes.oldestUncommittedMs) continue;
      // Its log may be the longest, but it cannot even promise (A7).
      if (diskSilentMs > protocolTimes.stepDownMs) continue;
      healthy.push(sight.health);
    }
    return healthy;
  }
}

function newest(leaders: readonly Health[]): Health | undefined {
  let best: Health | undefined;
  for (const health of leaders) if (!best || health.epoch > best.epoch) best = health;
  return best;
}

function byLogThenId(a: Health, b: Health): number {
  return (
    b.logEnd.epoch - a.logEnd.epoch ||
    b.logEnd.seq - a.logEnd.seq ||
    idNumber(b.id) - idNumber(a.id)
  );
}

function idNumber(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}
