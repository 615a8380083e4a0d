/**
 * The rules that the simulator can switch off one at a time, to prove that its checkers notice. Each is
 * named for the behaviour it requires; its comment names the failure of docs/PROTOCOL-RULES.md that it
 * prevents. Production never changes them: the default is frozen and all true.
 */
export interface Rules {
  /** R3: one promise per epoch. Off: two leaders in one epoch (A1). */
  readonly onePromisePerEpoch: boolean;
  /** R3: a promise waits for the disk and includes queued writes. Off: it overtakes an append (A2). */
  readonly promiseIsDurable: boolean;
  /** R4: a leader opens its epoch with an entry. Off: the commit position stays unknown (A3). */
  readonly openingEntry: boolean;
  /** R5: match = prevSeq + n. Off: a divergent suffix counts as match (A4). */
  readonly matchIsPrefix: boolean;
  /** R5: the epoch before the appended entries must agree. Off: a gap in the prefix (A5). */
  readonly previousEpochChecked: boolean;
  /** R1: pre-vote. Off: a flapping replica or a second frontend deposes a live leader (A6). */
  readonly preVote: boolean;
  /**
   * R1: a leader that no frontend checks yields to a nomination. Off: it leads but receives no purchases
   * (A39).
   */
  readonly unattendedYields: boolean;
  /** R5: entries are acknowledged when durable. Off: a power cut loses committed entries (I11). */
  readonly matchIsDurable: boolean;
  /** R3: a heartbeat waits for the journal. Off: a leader with a hung disk looks alive (A7). */
  readonly heartbeatBehindJournal: boolean;
  /**
   * R10: a learner reports its state, and does not count as an intact voter. Off: a wiped disk votes
   * again (A8).
   */
  readonly learnersDoNotVote: boolean;
  /**
   * R3: a promise stops counting once its giver was admitted after a loss. Off: the giver forgets it and
   * votes twice (A31).
   */
  readonly promisesBoundToIncarnation: boolean;
  /**
   * R10: a learner votes again once a majority has its stamp. Off: its old promise still counts (A31).
   */
  readonly stampsAreEchoed: boolean;
  /**
   * R3: with an even number of voters, each member has its own epochs. Off: two wiped voters elect two
   * leaders in one epoch (A1).
   */
  readonly epochsSharedOut: boolean;
  /** R3: a learner's promise counts towards the majority of an even group. Off: one lost disk stops two voters (A32). */
  readonly learnersPromise: boolean;
  /** R10: a learner leads where enough voters promise. Off: a lost folder stops a group of one replica (A32). */
  readonly learnersMayStand: boolean;
  /** R10: a damaged journal end counts as held. Off: an acknowledged entry is dropped (A33). */
  readonly doubtCounts: boolean;
  /** R10: a doubt is resolved in an epoch far above all reported. Off: a promise in the damaged end is broken (A33). */
  readonly doubtJumps: boolean;
  /**
   * R10: a promise that jumps is recorded in two batches. Off: damage hides a jump, and another one
   * reaches the same epoch (A33).
   */
  readonly jumpsAreKeptTwice: boolean;
  /** R4: the nominee fetches what a voter has beyond it. Off: acknowledged entries are overwritten (A10). */
  readonly nomineeCatchesUp: boolean;
  /**
   * R4: each answer of the source advances the nominee. Off: it fetches the same page without end (A36).
   */
  readonly catchUpAdvances: boolean;
  /**
   * R5: below its index the leader probes one position at a time. Off: a divergent follower stays
   * divergent (A37).
   */
  readonly probesBelowBase: boolean;
  /**
   * R6: a majority of all voters. Off: the survivors alone acknowledge an entry, which is then
   * overwritten (A10).
   */
  readonly majorityOfAll: boolean;
  /** R6: only entries of the own epoch are committed by counting. Off: a counted entry is overwritten (A3). */
  readonly commitOwnEpoch: boolean;
  /** R2: no epoch far above the highest seen. Off: one forged epoch bricks the group (A30). */
  readonly epochJumpBounded: boolean;
  /** R9: a read waits for a round begun after it. Off: a deposed leader answers with old values. */
  readonly readRounds: boolean;
  /**
   * R5: a follower applies only visible entries. Off: it shows values that a cache may still contradict
   * (A12).
   */
  readonly followersWaitForGates: boolean;
}

export const allRules: Rules = Object.freeze({
  onePromisePerEpoch: true,
  promiseIsDurable: true,
  openingEntry: true,
  matchIsPrefix: true,
  previousEpochChecked: true,
  preVote: true,
  unattendedYields: true,
  matchIsDurable: true,
  heartbeatBehindJournal: true,
  learnersDoNotVote: true,
  promisesBoundToIncarnation: true,
  stampsAreEchoed: true,
  epochsSharedOut: true,
  learnersPromise: true,
  learnersMayStand: true,
  doubtCounts: true,
  doubtJumps: true,
  jumpsAreKeptTwice: true,
  nomineeCatchesUp: true,
  catchUpAdvances: true,
  probesBelowBase: true,
  majorityOfAll: true,
  commitOwnEpoch: true,
  epochJumpBounded: true,
  readRounds: true,
  followersWaitForGates: true,
});
