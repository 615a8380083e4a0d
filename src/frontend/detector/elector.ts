/**
 * The frontend's failure detector for one group (docs/PROTOCOL.md, section 3). From the replicas'
 * health answers it determines the leader, and the replica to nominate if there is none. A
 * nomination is only a hint; the group decides. Pure: uses no clock and no socket.
 */
import { protocolTimes } from '../../base/limits.js';
import type { GroupStatus } from '../../group/types.js';

/** A replica's answer to `health_check`. */
export interface Health extends GroupStatus {
  readonly pid: number;
  /**
   * The newest log time of an applied catalog entry that the member knows. Absent in earlier builds
   * and in a recovery server, which applies nothing.
   */
  readonly logTime?: number;
  /** The store's currency, from a catalog replica that knows it. */
  readonly currency?: string;
}

export interface Nomination {
  readonly leader: string;
  /** The replicas that get the nomination: the nominee, and the others for information. */
  readonly tell: readonly string[];
}

interface HealthReport {
  health: Health;
  atMs: number;
}

/** Time for a nominee to begin a candidacy, and between nominations if all have failed. */
const nominationMs = 300;
/** A nominee of the previous build reports no candidacy. It gets the maximum duration of one. */
const unreportedMs = 1_200;
/** A failed candidate ranks after the others for this time. */
const failureMs = 5_000;
/** Maximum of missing entries for a reader; catching up on more takes too long. */
const readerLagMax = 2_000;

export interface ElectorOptions {
  /** False only in the simulator: the same nominee is then nominated forever (A6). */
  readonly remembersFailures: boolean;
}

export class Elector {
  readonly #members: readonly string[];
  readonly #remembers: boolean;
  readonly #reports = new Map<string, HealthReport>();
  /** Local time at which the last candidacy or lead of a replica failed. */
  readonly #failures = new Map<string, number>();
  /** The last nomination; undefined once there is a leader. */
  #pending: { readonly nominee: string; readonly atMs: number } | undefined;

  /** `members` are the electable replicas; a recovery server never leads. */
  constructor(members: readonly string[], options?: ElectorOptions) {
    this.#members = members;
    this.#remembers = options?.remembersFailures ?? true;
  }

  answered(name: string, health: Health, nowMs: number): void {
    this.#reports.set(name, { health, atMs: nowMs });
    if (this.electedLeader(nowMs)) this.#pending = undefined;
    const failure = health.candidacy?.failure;
    if (failure) this.#failed(name, nowMs - failure.agoMs);
    else if (health.leader) this.#failures.delete(name);
  }

  /** The connection is closed, or a health answer did not come in time. */
  lost(name: string): void {
    // Losing a leader starts a new situation: do not wait out the last nomination.
    if (this.#reports.get(name)?.health.role === 'leader') this.#pending = undefined;
    this.#reports.delete(name);
  }

  health(name: string): Health | undefined {
    return this.#reports.get(name)?.health;
  }

  /** Time of the replica's last answer. */
  heardMs(name: string): number | undefined {
    return this.#reports.get(name)?.atMs;
  }

  /** The healthy serving leader with the highest epoch. */
  leader(nowMs: number): Health | undefined {
    return newest(this.#healthy(nowMs).filter(({ role, serving }) => role === 'leader' && serving));
  }

  /** The healthy leader with the highest epoch, serving or still waiting for leases. */
  electedLeader(nowMs: number): Health | undefined {
    return newest(this.#healthy(nowMs).filter(({ role }) => role === 'leader'));
  }

  /** Replicas that may serve reads: healthy, no learner, and not far behind the leader. */
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

  /**
   * Returns the replica to nominate now: of the healthy replicas with the newest log, the one with
   * the highest id. Candidates that failed rank last, the latest failure at the very end, so that
   * each gets a turn.
   */
  nominate(nowMs: number): Nomination | undefined {
    if (this.electedLeader(nowMs)) return undefined;
    const all = this.#healthy(nowMs);
    const voters = all.filter((health) => health.role !== 'learner');
    // A learner may lead only if no voting replica is left, or each has failed (A32).
    const isUsable = voters.some((health) => this.#failedMs(health, nowMs) === undefined);
    const healthy = isUsable ? voters : all;
    if (this.#isAwaited(healthy, nowMs)) return undefined;
    const [best] = healthy.sort((a, b) => this.#byFailure(a, b, nowMs) || byLogThenId(a, b));
    if (!best) return undefined;
    const pending = this.#pending;
    const isUntried = this.#remembers && this.#failedMs(best, nowMs) === undefined;
    if (pending && !(isUntried && best.id !== pending.nominee)) {
      if (nowMs - pending.atMs < nominationMs) return undefined;
    }
    this.#pending = { nominee: best.id, atMs: nowMs };
    return { leader: best.id, tell: healthy.map((health) => health.id) };
  }

  /**
   * True if a candidacy may still succeed. Records the failure of a nominee that reports nothing.
   */
  #isAwaited(healthy: readonly Health[], nowMs: number): boolean {
    if (!this.#remembers) return false;
    const pending = this.#pending;
    for (const health of healthy) {
      // Another frontend nominated it, and a majority has agreed.
      if (health.id === pending?.nominee || !isAgreedTo(health)) continue;
      if (this.#failedMs(health, nowMs) === undefined) return true;
    }
    if (!pending) return false;
    const nominee = healthy.find(({ id }) => id === pending.nominee);
    if (nominee) {
      if ((this.#failedMs(nominee, nowMs) ?? pending.atMs) > pending.atMs) return false;
      if (nominee.candidacy?.phase) return true;
      const patienceMs = nominee.candidacy ? nominationMs : unreportedMs;
      if (nowMs - pending.atMs < patienceMs) return true;
    }
    this.#failed(pending.nominee, nowMs);
    return false;
  }

  #failed(name: string, atMs: number): void {
    this.#failures.set(name, Math.max(atMs, this.#failures.get(name) ?? atMs));
  }

  /** Time of its last failure; undefined if there was none, or not recently. */
  #failedMs({ id }: Health, nowMs: number): number | undefined {
    const atMs = this.#failures.get(id);
    const isRecent = atMs !== undefined && nowMs - atMs < failureMs;
    return this.#remembers && isRecent ? atMs : undefined;
  }

  #byFailure(a: Health, b: Health, nowMs: number): number {
    const [aMs, bMs] = [this.#failedMs(a, nowMs), this.#failedMs(b, nowMs)];
    if (aMs === undefined || bMs === undefined)
      return Number(aMs !== undefined) - Number(bMs !== undefined);
    return aMs - bMs;
  }

  #healthy(nowMs: number): Health[] {
    const healthy: Health[] = [];
    for (const name of this.#members) {
      const report = this.#reports.get(name);
      if (!report || nowMs - report.atMs > protocolTimes.healthCheckTimeoutMs) continue;
      const { oldestUncommittedMs, diskSilentMs } = report.health;
      if (oldestUncommittedMs > protocolTimes.oldestUncommittedMs) continue;
      // Its log may be the longest, but its disk cannot even store a promise (A7).
      if (diskSilentMs > protocolTimes.stepDownMs) continue;
      healthy.push(report.health);
    }
    return healthy;
  }
}

function isAgreedTo({ candidacy }: Health): boolean {
  return candidacy?.phase === 'prepare' || candidacy?.phase === 'catch-up';
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
