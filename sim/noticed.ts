/**
 * The broken rules as rows of tests: which ones few seeds notice, which ones take many, and which
 * ones the tests do not wait for. docs/testing/broken-rules.md lists them all.
 */
import type { Test } from 'tap';
import { systemClock } from '../src/base/clock.js';
import { allMutations, catchMutation, type Mutation } from './mutations.js';

/** Noticed by one of hundreds of seeds, or by none so far. docs/testing/broken-rules.md says why. */
const rare: ReadonlySet<string> = new Set([
  'jumpsAreKeptTwice',
  'epochsSharedOut',
  'joins-an-older-question',
  'lenders-are-ignored',
]);

/** Half a second and more each, some minutes together. */
const slow: ReadonlySet<string> = new Set([
  'promisesBoundToIncarnation',
  'stampsAreEchoed',
  'learnersPromise',
  'learnersMayStand',
  'doubtCounts',
  'doubtJumps',
  'catchUpAdvances',
  'probesBelowBase',
  'purchase-age-from-latest-attempt',
  'attempts-after-the-deadline',
  'torn-tails-are-corrupt',
  'doubt-is-torn',
  'lost-journal-votes',
  'sole-replica-votes',
  'matchIsPrefix',
  'previousEpochChecked',
  'majorityOfAll',
  'commitOwnEpoch',
  'epochJumpBounded',
  'the-deposed-may-sell',
  'confirms-too-early',
  'learnersDoNotVote',
  'stamps-seen-too-late',
  'clocks-never-differ',
  'log-dropped-first',
  'openingEntry',
  'onePromisePerEpoch',
  'nomineeCatchesUp',
  'preVote',
  'heartbeatBehindJournal',
  'corrupt-replica-votes',
  'not-found-at-the-deadline',
  'registry-is-not-saved',
  'keys-are-not-saved',
  'capacity-is-not-saved',
  'references-are-not-saved',
  'uses-are-not-saved',
  'cancelled-units-are-not-saved',
  'cancellations-are-taken-twice',
  'cancellations-from-the-newest',
  'cancellations-without-position',
  'movements-from-the-newest',
  'movements-are-not-saved',
  'ledgers-without-position',
  'holds-end-by-a-local-clock',
  'refuses-the-forwarded',
  'durable-before-the-disk',
  'restocks-whatever-k',
  'lost-disk-votes',
  'tells-a-crowd-what-was',
  'unattendedYields',
  'refusals-are-forgotten',
  'revives-an-expired-lease',
  'nominates-the-unreachable',
  'restocks-are-not-told',
  'leases-by-a-timer',
  'followersWaitForGates',
  'refuses-with-a-key',
  'ends-of-holds-are-not-told',
  'lone-sales-are-safe',
  'last-sale-without-position',
  'new-key-each-attempt',
  'totals-go-unchecked',
  'cache-survives-sessions',
  'leases-from-receipt',
]);

/** Twice the seeds of the slowest: which seeds notice changes with the code. */
const seedsMax = 200;

export function mutationsOf(kind: 'quick' | 'slow' | 'rare'): readonly Mutation[] {
  const kindOf = (name: string) => (rare.has(name) ? 'rare' : slow.has(name) ? 'slow' : 'quick');
  return allMutations().filter(({ name }) => kindOf(name) === kind);
}

export const rowsSetAside = rare.size + slow.size;

/** One row per rule; when the time is over, the rest is skipped. */
export function areNoticed(t: Test, mutations: readonly Mutation[], budgetMs: number): void {
  const beganMs = systemClock.nowMs();
  for (const mutation of mutations) {
    t.test(`it is noticed when broken: ${mutation.name}`, async (t) => {
      if (systemClock.nowMs() - beganMs > budgetMs) {
        t.plan(0, 'no time is left');
        return;
      }
      const { seeds } = await catchMutation(mutation, seedsMax);
      t.ok(seeds !== undefined, `after ${seeds} seeds`);
    });
  }
}
