/**
 * Holds the cache sessions of frontend processes with this leader and the end of each lease
 * (docs/PROTOCOL.md, R8). A process that may hold grants of a former leader has a session without a
 * connection; such a session can only expire. Uses no socket and no timer: time is an argument.
 * Invariant: a session is removed only when its process certainly serves nothing from its cache:
 * the process said so, or its lease has expired here, including the maximum clock drift.
 */
import { assert } from '../../base/assert.js';
import { leaseLimits } from '../../base/limits.js';
import type { ProductRecord } from '../../wire/internal.js';
import type { WriteSet } from '../machine/write-set.js';

/** A frontend process at the other end of a connection. */
export interface CacheHolder {
  readonly process: string;
  /**
   * Drops the items from the cache and then calls back. Callbacks come in the order of the calls.
   */
  invalidate(seq: number, writeSet: WriteSet, acknowledged: () => void): void;
  /** Sends new records, which the process may cache. */
  push(seq: number, records: readonly ProductRecord[]): void;
}

interface CacheSession {
  /** 0 for a session with a former leader. */
  readonly sessionNumber: number;
  /**
   * Undefined if the connection is closed: the process cannot acknowledge, and may not have
   * noticed.
   */
  holder: CacheHolder | undefined;
  /** Time on this clock at which the lease has certainly expired. */
  untilMs: number;
  /** Seqs of the invalidations sent and not acknowledged, oldest first. */
  readonly outstanding: number[];
  /** Seq of the newest invalidation sent. */
  sent: number;
  readonly renewals: Renewal[];
  /** No more renewals: the process must drop its whole cache and begin another session. */
  isEnded: boolean;
}

interface Renewal {
  readonly sent: number;
  readonly done: (granted: boolean) => void;
}

/** Longest time after a grant during which the process may still use the lease. */
export function leaseSpanMs(): number {
  return leaseLimits.leaseMs * (1 + leaseLimits.drift);
}

export class CacheSessions {
  readonly #sessions = new Map<string, CacheSession>();
  /**
   * The newest session attempt of each process. Requests with an older attempt are late and are
   * refused.
   */
  readonly #attempts = new Map<string, number>();
  /**
   * Until this time, processes unknown to this leader may hold grants of a former leader. No entry
   * becomes visible before it.
   */
  #strangersUntilMs = Number.NEGATIVE_INFINITY;
  #lastSessionNumber = 0;
  #expired: (process: string) => void = () => {};

  /** Sets the listener that is called with each process whose lease has expired. */
  onExpiry(listener: (process: string) => void): void {
    this.#expired = listener;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * This replica begins to lead. Until `untilMs`, any process may hold grants of a former leader.
   */
  startLeading(untilMs: number): void {
    this.clear();
    this.#strangersUntilMs = untilMs;
  }

  /** Sets the complete list of processes that may hold grants of a former leader. */
  expect(processes: Iterable<string>): void {
    const untilMs = this.#strangersUntilMs;
    this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
    for (const process of processes) {
      // A process that has contacted this leader has dropped its old cache.
      if (this.#attempts.has(process)) continue;
      this.#sessions.set(process, newSession(0, undefined, 0, untilMs));
    }
  }

  /** This replica no longer leads: it waits for no process and refuses the pending renewals. */
  clear(): void {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    this.#attempts.clear();
    this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
    for (const session of sessions) refuse(session);
  }

  /**
   * The process has dropped its whole cache, before a new session or for good. Returns false if the
   * process has made a newer attempt since.
   */
  dropped(process: string, attempt: number): boolean {
    if (attempt <= (this.#attempts.get(process) ?? 0)) return false;
    this.#attempts.set(process, attempt);
    this.#remove(process);
    return true;
  }

  /** The newest attempt of the process, or undefined. */
  attemptOf(process: string): number | undefined {
    return this.#attempts.get(process);
  }

  /** The process is deregistered. Keeps its state if it has made a newer attempt since. */
  forget(process: string, attempt: number | undefined): void {
    if (this.#attempts.get(process) === attempt) this.#attempts.delete(process);
  }

  /**
   * Begins a session and returns its number. The caller has confirmed the leadership with a
   * majority since the request.
   */
  begin(holder: CacheHolder, appendedSeq: number, nowMs: number): number {
    assert(!this.#sessions.has(holder.process), 'one session for each process');
    this.#lastSessionNumber += 1;
    const session = newSession(this.#lastSessionNumber, holder, appendedSeq, nowMs + leaseSpanMs());
    this.#sessions.set(holder.process, session);
    return session.sessionNumber;
  }

  /** Seq of the newest invalidation sent in the session, or undefined if the session is over. */
  sentTo(process: string, sessionNumber: number): number | undefined {
    return this.#find(process, sessionNumber)?.sent;
  }

  /**
   * Renews a lease. The caller has confirmed the leadership with a majority since the request, when
   * `sent` was the newest invalidation. The renewal waits for the acknowledgement of that
   * invalidation, so that an entry waits for one lease at most.
   */
  renew(process: string, sessionNumber: number, renewal: Renewal, nowMs: number): void {
    const session = this.#find(process, sessionNumber);
    if (!session || session.isEnded || session.untilMs <= nowMs) {
      renewal.done(false);
      return;
    }
    session.renewals.push(renewal);
    grant(session, nowMs);
  }

  /** The connection is closed. The grants of the process stay valid until its lease expires. */
  closed(holder: CacheHolder): void {
    const session = this.#sessions.get(holder.process);
    if (session?.holder !== holder) return;
    session.holder = undefined;
    refuse(session);
  }

  /** Removes the sessions whose lease has expired. */
  expire(nowMs: number): void {
    for (const [process, session] of this.#sessions) {
      if (session.untilMs > nowMs) continue;
      this.#remove(process);
      this.#expired(process);
    }
    if (this.#strangersUntilMs <= nowMs) this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
  }

  has(process: string): boolean {
    return this.#sessions.has(process) || this.#strangersUntilMs > Number.NEGATIVE_INFINITY;
  }

  /**
   * Sends an invalidation to all sessions. `now` reads the time; `told` is called at each
   * acknowledgement.
   */
  invalidate(seq: number, writeSet: WriteSet, now: () => number, told: () => void): void {
    for (const session of this.#sessions.values()) {
      if (session.isEnded) continue;
      session.sent = seq;
      session.outstanding.push(seq);
      session.holder?.invalidate(seq, writeSet, () => {
        const oldest = session.outstanding.shift();
        assert(oldest === seq, 'invalidations are acknowledged in order');
        grant(session, now());
        told();
      });
    }
  }

  /**
   * Refuses all renewals of the current sessions. The entry then waits until each process has begun
   * a new session with an empty cache, or until its lease expires.
   */
  endAll(seq: number): void {
    for (const session of this.#sessions.values()) {
      session.isEnded = true;
      session.outstanding.push(seq);
      refuse(session);
    }
  }

  /**
   * Sends new records to the sessions with few unacknowledged invalidations. The others read the
   * records again.
   */
  push(seq: number, records: readonly ProductRecord[]): void {
    for (const { holder, outstanding, isEnded } of this.#sessions.values()) {
      if (!isEnded && outstanding.length < leaseLimits.pushLagMax) holder?.push(seq, records);
    }
  }

  /** Returns the last seq that no session holds back; `openedSeq` is the last one before. */
  openThrough(appendedSeq: number, openedSeq: number): number {
    if (this.#strangersUntilMs > Number.NEGATIVE_INFINITY) return openedSeq;
    let through = appendedSeq;
    for (const { sessionNumber, outstanding } of this.#sessions.values()) {
      if (sessionNumber === 0) return openedSeq;
      const [oldest] = outstanding;
      if (oldest !== undefined) through = Math.min(through, oldest - 1);
    }
    return Math.max(through, openedSeq);
  }

  /** The earliest lease end among the sessions that hold an entry back. */
  nextExpiryMs(): number {
    let nextMs = this.#strangersUntilMs;
    if (nextMs === Number.NEGATIVE_INFINITY) nextMs = Number.POSITIVE_INFINITY;
    for (const { sessionNumber, outstanding, untilMs } of this.#sessions.values()) {
      if (sessionNumber === 0 || outstanding.length > 0) nextMs = Math.min(nextMs, untilMs);
    }
    return nextMs;
  }

  #find(process: string, sessionNumber: number): CacheSession | undefined {
    const session = this.#sessions.get(process);
    return session?.sessionNumber === sessionNumber ? session : undefined;
  }

  #remove(process: string): void {
    const session = this.#sessions.get(process);
    this.#sessions.delete(process);
    if (session) refuse(session);
  }
}

function newSession(
  sessionNumber: number,
  holder: CacheHolder | undefined,
  sent: number,
  untilMs: number,
): CacheSession {
  return { sessionNumber, holder, untilMs, outstanding: [], sent, renewals: [], isEnded: false };
}

/** Renews the lease if the invalidations sent before the request are acknowledged. */
function grant(session: CacheSession, nowMs: number): void {
  const oldest = session.outstanding[0] ?? Number.POSITIVE_INFINITY;
  while (session.renewals[0] && session.renewals[0].sent < oldest) {
    session.untilMs = Math.max(session.untilMs, nowMs + leaseSpanMs());
    session.renewals.shift()?.done(true);
  }
}

function refuse(session: CacheSession): void {
  for (const { done } of session.renewals.splice(0)) done(false);
}
