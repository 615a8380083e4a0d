/**
 * The seeded bugs: every switch of the core and every broken rule of the services, and the number of
 * seeds until a checker notices. A rule whose absence no checker notices is not tested.
 */
import { allRules, type Rules } from '../src/consensus/rules.js';
import type { Aim } from './aims.js';
import { type Bug, bugs } from './bugs.js';
import { type RunOptions, simulate } from './simulation.js';

export interface Mutation {
  readonly name: string;
  readonly rule: string;
  readonly options: Pick<RunOptions, 'rules' | 'bugs' | 'aim'>;
  /** Also broken in the runs with which a failure is compared. */
  readonly beside?: readonly Bug[];
}

export interface Caught {
  readonly mutation: Mutation;
  /** Undefined: not noticed within the seeds. */
  readonly seeds: number | undefined;
  readonly problem: string;
}

/** The rule behind each switch of the core. */
const switches: Readonly<Record<keyof Rules, string>> = {
  onePromisePerEpoch: 'R3: one promise an epoch (A1)',
  promiseIsDurable: 'R3: a promise waits for the disk (A2)',
  openingEntry: 'R4: a leader opens its epoch with an entry (A3)',
  matchIsPrefix: 'R5: match is the prefix that was sent (A4)',
  previousEpochChecked: 'R5: the epoch before the entries is checked (A5)',
  preVote: 'R1: pre-vote (A6)',
  unattendedYields: 'R1: a leader that no frontend checks yields to a nomination (A39)',
  matchIsDurable: 'R5: acknowledged when durable (I11)',
  heartbeatBehindJournal: 'R3: a heartbeat queues behind the journal (A7)',
  learnersDoNotVote: 'R10: a learner does not vote (A8)',
  promisesBoundToIncarnation: 'R3: a promise from before a loss counts no more (A31)',
  stampsAreEchoed: 'R10: an admission waits until a majority has its stamp (A31)',
  epochsSharedOut: 'R3: members of an even group have epochs of their own (A1)',
  learnersPromise: 'R3: a learner promises in an even group (A32)',
  learnersMayStand: 'R10: a learner leads where enough voters promise (A32)',
  doubtCounts: 'R10: a damaged journal end counts as held (A33)',
  doubtJumps: 'R10: a doubt is resolved in an epoch far above all reported (A33)',
  jumpsAreKeptTwice: 'R10: a promise that jumps stands in two batches (A33)',
  nomineeCatchesUp: 'R4: the nominee fetches what it lacks (A10)',
  catchUpAdvances: 'R4: each answer in catch-up brings the nominee on (A36)',
  probesBelowBase: 'R5: one probe at a time below the snapshot (A37)',
  majorityOfAll: 'R6: a majority of all voters (A10)',
  commitOwnEpoch: 'R6: only entries of the own epoch are counted (A3)',
  epochJumpBounded: 'R2: no epoch far above all others (A30)',
  readRounds: 'R9: a read waits for a round begun after it',
  followersWaitForGates: 'R5: a follower applies what is visible, not what is committed (A12)',
};

/** The aims that show a bug; random seeds notice all others. */
const aimed: Partial<Record<keyof Rules | Bug, Aim>> = {
  readRounds: 'deserted',
  followersWaitForGates: 'cut',
  'clocks-never-differ': 'cut',
  'leases-by-a-timer': 'pause',
  'leases-ignore-the-wall-clock': 'suspend',
  'closed-means-dropped': 'half-closed',
  'late-beginnings-count': 'late-beginning',
  'grants-the-unregistered': 'orphaned',
  'forgets-former-leases': 'orphaned',
  'strikes-the-living': 'orphaned',
  'grants-without-a-majority': 'deserted',
  'revives-an-expired-lease': 'pause',
  'gates-stand-open': 'cut',
  'leases-never-end': 'cut',
  'stamps-seen-too-late': 'absent',
  'cache-survives-sessions': 'cut',
  'leases-from-receipt': 'pause-renewing',
  'reads-without-position': 'deserted',
  'refuses-the-forwarded': 'parted-orders',
  'the-deposed-may-sell': 'parted-orders',
  'confirms-too-early': 'parted-orders',
  'log-dropped-first': 'five-voters',
  'tells-a-crowd-what-was': 'crowd',
  'absences-outlive-additions': 'absent',
  'absences-lend-products': 'absent',
  'floors-are-ignored': 'absent',
  promisesBoundToIncarnation: 'old-promises',
  stampsAreEchoed: 'old-promises',
  epochsSharedOut: 'old-promises',
  doubtJumps: 'old-promises',
  doubtCounts: 'doubtful-tails',
  catchUpAdvances: 'parted-tails',
  probesBelowBase: 'parted-tails',
  'lost-journal-votes': 'amnesia',
  'sole-replica-votes': 'amnesia',
  'purchase-age-from-latest-attempt': 'late',
  'attempts-after-the-deadline': 'late',
  commitOwnEpoch: 'brief-leads',
  'lenders-are-ignored': 'two-leaders',
};

/** Rules that must be broken together with a second line of defence. */
const beside: Partial<Record<Bug, Bug>> = {
  'floors-are-ignored': 'stamps-seen-late',
  'attempts-after-the-deadline': 'purchase-age-from-latest-attempt',
};

export function allMutations(): Mutation[] {
  const rules = Object.keys(allRules).map((name): Mutation => {
    const rule = switches[name as keyof Rules];
    return { name, rule, options: { rules: { [name]: false }, aim: aimed[name as keyof Rules] } };
  });
  const broken = Object.entries(bugs).map(([name, rule]): Mutation => {
    const also = [beside[name as Bug] ?? []].flat();
    const options = { bugs: [name as Bug, ...also], aim: aimed[name as Bug] };
    return { name, rule, options, beside: also };
  });
  return [...rules, ...broken];
}

/** Runs seeds until one notices; a seed that also fails without a broken rule does not count. */
export async function catchMutation(
  mutation: Mutation,
  seedsMax: number,
  first = 1,
): Promise<Caught> {
  const { aim } = mutation.options;
  for (let seed = first; seed < first + seedsMax; seed++) {
    const [problem] = (await simulate({ seed, ...mutation.options })).problems;
    if (problem === undefined) continue;
    const unbroken = await simulate({ seed, aim, bugs: mutation.beside ?? [] });
    if (unbroken.problems.length === 0) return { mutation, seeds: seed, problem };
  }
  return { mutation, seeds: undefined, problem: '' };
}
