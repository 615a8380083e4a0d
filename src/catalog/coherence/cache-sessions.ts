/**
 * The sessions of the frontends' processes with this leader, and for how long each may serve from
 * its cache (docs/PROTOCOL.md, R8). A process that a former leader may have lent to is a session
 * without a connection, which nobody can acknowledge for. Knows no socket and no timer: time is an
 * argument. Invariant: a session leaves only when its process surely serves nothing of it: it said
 * so, or its lease has run out here, by more than clocks can differ.
 */
import { assert } from '../../base/assert.js';
import { leaseLimits } from '../../base/limits.js';
import type { ProductRecord } from '../../wire/internal.js';
import type { WriteSet } from '../machine/write-set.js';

/** A process of a frontend at the other end of a connection. */
export interface CacheHolder {
  readonly process: string;
  /** Drops the items from the cache and then calls back, in the order of the calls. */
  invalidate(seq: number, writeSet: WriteSet, acknowledged: () => void): void;
  /** New records, to be kept. */
  push(seq: number, records: readonly ProductRecord[]): void;
}

interface CacheSession {
  /** 0: of a former leader. */
  readonly generation: number;
  /** Undefined where its connection is gone: it cannot acknowledge, and may not know. */
  holder: CacheHolder | undefined;
  /** Its lease has run out, by this clock and for certain. */
  untilMs: number;
  /** Sent and not acknowledged, oldest first. */
  readonly outstanding: number[];
  /** The newest invalidation. */
  sent: number;
  readonly renewals: Renewal[];
  /** It is renewed no more: its process must drop its whole cache and begin another session. */
  isEnded: boolean;
}

interface Renewal {
  readonly sent: number;
  readonly done: (granted: boolean) => void;
}

/** How long after a grant the process may still think that it holds the lease. */
export function leaseSpanMs(): number {
  return leaseLimits.leaseMs * (1 + leaseLimits.drift);
}

export class CacheSessions {
  readonly #sessions = new Map<string, CacheSession>();
  /** Of each process, the newest beginning of a session: an older one comes late. */
  readonly #attempts = new Map<string, number>();
  /** Whom a former leader lent to is not known yet: nothing may become visible before. */
  #strangersUntilMs = Number.NEGATIVE_INFINITY;
  #generations = 0;
  #lapsed: (process: string) => void = () => {};

  /** Called with each process whose lease has run out. */
  onLapse(listener: (process: string) => void): void {
    this.#lapsed = listener;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** This replica begins to lead; until then, whoever a former leader lent to may hold anything. */
  lead(untilMs: number): void {
    this.clear();
    this.#strangersUntilMs = untilMs;
  }

  /** These are all that a former leader may have lent to. */
  expect(processes: Iterable<string>): void {
    const untilMs = this.#strangersUntilMs;
    this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
    for (const process of processes) {
      // Who has come meanwhile has dropped what it had.
      if (this.#attempts.has(process)) continue;
      this.#sessions.set(process, newSession(0, undefined, 0, untilMs));
    }
  }

  /** No leader any more: nobody is waited for. */
  clear(): void {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    this.#attempts.clear();
    this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
    for (const session of sessions) refuse(session);
  }

  /**
   * A process says that it has dropped its whole cache, to begin anew or for good. False where it
   * said so before a session that it has begun since.
   */
  dropped(process: string, attempt: number): boolean {
    if (attempt <= (this.#attempts.get(process) ?? 0)) return false;
    this.#attempts.set(process, attempt);
    this.#remove(process);
    return true;
  }

  /** Of the newest beginning; undefined where there was none. */
  attemptOf(process: string): number | undefined {
    return this.#attempts.get(process);
  }

  /** The process is registered no more; unless it has begun anew since that attempt. */
  forget(process: string, attempt: number | undefined): void {
    if (this.#attempts.get(process) === attempt) this.#attempts.delete(process);
  }

  /** A majority has vouched for this leader since the process asked. Returns the generation. */
  begin(holder: CacheHolder, appendedSeq: number, nowMs: number): number {
    assert(!this.#sessions.has(holder.process), 'one session for each process');
    this.#generations += 1;
    const session = newSession(this.#generations, holder, appendedSeq, nowMs + leaseSpanMs());
    this.#sessions.set(holder.process, session);
    return session.generation;
  }

  /** The newest invalidation sent in a session; undefined where it is over. */
  sentTo(process: string, generation: number): number | undefined {
    return this.#find(process, generation)?.sent;
  }

  /**
   * A majority has vouched for this leader since the process asked, when `sent` was the newest
   * invalidation. Granted once that is acknowledged, so that an entry waits for one lease at most.
   */
  renew(process: string, generation: number, renewal: Renewal, nowMs: number): void {
    const session = this.#find(process, generation);
    if (!session || session.isEnded || session.untilMs <= nowMs) {
      renewal.done(false);
      return;
    }
    session.renewals.push(renewal);
    grant(session, nowMs);
  }

  /** The connection is gone; what was lent over it stays lent until the lease has run out. */
  closed(holder: CacheHolder): void {
    const session = this.#sessions.get(holder.process);
    if (session?.holder !== holder) return;
    session.holder = undefined;
    refuse(session);
  }

  /** Forgets whose lease has run out. */
  expire(nowMs: number): void {
    for (const [process, session] of this.#sessions) {
      if (session.untilMs > nowMs) continue;
      this.#remove(process);
      this.#lapsed(process);
    }
    if (this.#strangersUntilMs <= nowMs) this.#strangersUntilMs = Number.NEGATIVE_INFINITY;
  }

  has(process: string): boolean {
    return this.#sessions.has(process) || this.#strangersUntilMs > Number.NEGATIVE_INFINITY;
  }

  /** Tells everybody; `now` gives the time of an acknowledgement, `told` hears of each. */
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
   * Renews no session that there is now. The entry waits until each process has begun another one,
   * with an empty cache, or its lease has run out.
   */
  endAll(seq: number): void {
    for (const session of this.#sessions.values()) {
      session.isEnded = true;
      session.outstanding.push(seq);
      refuse(session);
    }
  }

  /** To all who keep up; the others will ask. */
  push(seq: number, records: readonly ProductRecord[]): void {
    for (const { holder, outstanding, isEnded } of this.#sessions.values()) {
      if (!isEnded && outstanding.length < leaseLimits.pushLagMax) holder?.push(seq, records);
    }
  }

  /** Entries through this one are held up by nobody; `opened` were not before. */
  openThrough(appendedSeq: number, openedSeq: number): number {
    if (this.#strangersUntilMs > Number.NEGATIVE_INFINITY) return openedSeq;
    let through = appendedSeq;
    for (const { generation, outstanding } of this.#sessions.values()) {
      if (generation === 0) return openedSeq;
      const [oldest] = outstanding;
      if (oldest !== undefined) through = Math.min(through, oldest - 1);
    }
    return Math.max(through, openedSeq);
  }

  /** When the first of those who hold something up will have to be waited for no longer. */
  nextExpiryMs(): number {
    let nextMs = this.#strangersUntilMs;
    if (nextMs === Number.NEGATIVE_INFINITY) nextMs = Number.POSITIVE_INFINITY;
    for (const { generation, outstanding, untilMs } of this.#sessions.values()) {
      if (generation === 0 || outstanding.length > 0) nextMs = Math.min(nextMs, untilMs);
    }
    return nextMs;
  }

  #find(process: string, generation: number): CacheSession | undefined {
    const session = this.#sessions.get(process);
    return session?.generation === generation ? session : undefined;
  }

  #remove(process: string): void {
    const session = this.#sessions.get(process);
    this.#sessions.delete(process);
    if (session) refuse(session);
  }
}

function newSession(
  generation: number,
  holder: CacheHolder | undefined,
  sent: number,
  untilMs: number,
): CacheSession {
  return { generation, holder, untilMs, outstanding: [], sent, renewals: [], isEnded: false };
}

/** Renews the lease where what was sent before the renewal is acknowledged. */
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
