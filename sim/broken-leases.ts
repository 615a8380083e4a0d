/**
 * The leader's side of the leases with one rule broken, for the seeded bugs: replaces parts of the
 * production code while a bug is on.
 */
import { leaseLimits } from '../src/base/limits.js';
import type { CacheHolder, CacheSessions } from '../src/catalog/coherence/cache-sessions.js';
import type { CatalogStore } from '../src/catalog/service/store.js';
import type { Bug } from './bugs.js';
import type { World } from './world.js';

/** The margin added to a lease's length when the leader waits for its end. */
function driftMs(): number {
  return leaseLimits.leaseMs * leaseLimits.drift;
}

type Breaker = (store: CatalogStore) => void;

const breakers: Partial<Record<Bug, Breaker>> = {
  'forgets-former-leases'({ gates: { sessions } }) {
    const startLeading = sessions.startLeading.bind(sessions);
    sessions.startLeading = () => startLeading(Number.NEGATIVE_INFINITY);
  },
  'grants-the-unregistered'({ leases }) {
    leases.register = () => Promise.resolve();
    leases.isRegistered = () => true;
  },
  'strikes-the-living'({ leases, machine }) {
    leases.deregisterDead = async () => {
      await Promise.all(machine.registered().map(([process]) => leases.deregister(process)));
    };
  },
  'grants-without-a-majority'(store) {
    store.confirmLead = () => Promise.resolve();
  },
  'clocks-never-differ'({ gates: { sessions } }) {
    const { startLeading, begin, renew } = bound(sessions);
    sessions.startLeading = (untilMs) => startLeading(untilMs - driftMs());
    sessions.begin = (holder, seq, nowMs) => begin(holder, seq, nowMs - driftMs());
    sessions.renew = (process, sessionNumber, renewal, nowMs) =>
      renew(process, sessionNumber, renewal, nowMs - driftMs());
  },
  'late-beginnings-count'({ gates: { sessions } }) {
    const { dropped } = bound(sessions);
    let attempts = 0;
    const asked = new Map<string, number>();
    sessions.dropped = (process, attempt) => {
      attempts += 1;
      asked.set(process, attempt);
      return dropped(process, attempts);
    };
    sessions.attemptOf = (process) => asked.get(process);
  },
  'closed-means-dropped'({ gates: { sessions } }) {
    const { begin } = bound(sessions);
    const ends = new Map<CacheHolder, () => void>();
    sessions.begin = (holder, seq, nowMs) => {
      const open: (() => void)[] = [];
      let isClosed = false;
      ends.set(holder, () => {
        isClosed = true;
        for (const acknowledge of open.splice(0)) acknowledge();
      });
      const agreeing: CacheHolder = {
        process: holder.process,
        invalidate(at, writeSet, acknowledged) {
          if (isClosed) {
            acknowledged();
            return;
          }
          const once = onlyOnce(acknowledged);
          open.push(once);
          holder.invalidate(at, writeSet, once);
        },
        push: (at, records) => holder.push(at, records),
      };
      return begin(agreeing, seq, nowMs);
    };
    // Its session stays and agrees to everything.
    sessions.closed = (holder) => ends.get(holder)?.();
  },
  'revives-an-expired-lease'({ gates }) {
    const { sessions } = gates;
    const { begin, renew, sentTo } = bound(sessions);
    const begun = new Map<string, { now: number; told: number; again(nowMs: number): number }>();
    sessions.begin = (holder, seq, nowMs) => {
      const told = begin(holder, seq, nowMs);
      const again = (atMs: number): number => begin(holder, gates.appendedSeq, atMs);
      begun.set(holder.process, { now: told, told, again });
      return told;
    };
    const nowOf = (process: string, told: number): number => {
      const known = begun.get(process);
      return known?.told === told ? known.now : told;
    };
    sessions.sentTo = (process, told) => sentTo(process, nowOf(process, told)) ?? 0;
    sessions.renew = (process, told, renewal, nowMs) => {
      const known = begun.get(process);
      if (known?.told === told && !sessions.has(process)) known.now = known.again(nowMs);
      renew(process, nowOf(process, told), renewal, nowMs);
    };
  },
  'lends-without-noting'({ gates }) {
    gates.grant = () => true;
  },
  'pushes-are-not-lent'({ gates: { grants } }) {
    grants.pushed = (id) => void grants.owed.delete(id);
  },
};

export function breakLeases(world: World, store: CatalogStore): void {
  for (const [bug, breakIt] of Object.entries(breakers)) {
    if (world.hasBug(bug as Bug)) breakIt(store);
  }
}

/** The original methods, before they are replaced. */
function bound(sessions: CacheSessions) {
  return {
    startLeading: sessions.startLeading.bind(sessions),
    begin: sessions.begin.bind(sessions),
    renew: sessions.renew.bind(sessions),
    sentTo: sessions.sentTo.bind(sessions),
    dropped: sessions.dropped.bind(sessions),
  };
}

function onlyOnce(callback: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) callback();
    isDone = true;
  };
}
