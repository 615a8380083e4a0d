/**
 * Holds a store to I12 while it is struck: wherever a majority of each group is up, has its votes
 * and is connected to itself and to a frontend, somebody buys again within a bound. Counts only
 * time in which this process ran, so that a machine that stands still is not the store's fault.
 */
import { availableParallelism, loadavg } from 'node:os';
import type { Fleet, GroupName } from './fleet.js';
import type { Recorder } from './recorder.js';
import { canSell, type View } from './sellable.js';

/** Within it another leader serves (docs/PROTOCOL.md, I12). */
const servesWithinMs = 2_000;
/** A customer waits so long at a frontend that cannot serve before it tries the other one. */
const patienceMs = 2_000;
/** Leases that nobody renews are waited for, and connections are tried again. */
const aftermathMs = 2_000;
export const outageMaxMs = servesWithinMs + patienceMs + aftermathMs;
/** A process that was started needs so long until it counts as up. */
const startsWithinMs = 10_000;
const lookEveryMs = 50;
/** A look that comes later than this was late because the machine was busy. */
const lateMs = 2 * lookEveryMs;
const askVotesEveryMs = 500;
/** Processes that want each core at once, from which on the bound grows with them. */
const loadMax = 2;

export class OutageWatch {
  /** The longest time without a purchase in which the store could sell. */
  longestMs = 0;
  readonly #fleet: Fleet;
  readonly #recorder: Recorder;
  readonly #view: View;
  #timer: NodeJS.Timeout | undefined;
  #lookedAtMs = 0;
  #sold = 0;
  #outageMs = 0;
  #isReported = false;
  #askedVotesMs = 0;

  constructor(fleet: Fleet, recorder: Recorder) {
    this.#fleet = fleet;
    this.#recorder = recorder;
    const voters: Record<GroupName, readonly string[]> = {
      catalog: fleet.voters('catalog'),
      order: fleet.voters('order'),
    };
    this.#view = {
      frontends: fleet.frontends,
      voters,
      isUp: (name) => fleet.service(name).runsForMs(recorder.nowMs()) > startsWithinMs,
      hasVote: (name) => !fleet.service(name).isWiped,
      isOpen: (one, other) => fleet.network.isOpen(one, other),
    };
  }

  start(): void {
    this.#lookedAtMs = this.#recorder.nowMs();
    this.#timer = setInterval(() => this.look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Called now and then; a look that comes late counts as little as one in time. */
  look(): void {
    const nowMs = this.#recorder.nowMs();
    const passedMs = Math.min(nowMs - this.#lookedAtMs, lateMs);
    this.#lookedAtMs = nowMs;
    this.#askVotes(nowMs);
    const { size } = this.#recorder.sold;
    if (size > this.#sold || !canSell(this.#view)) {
      this.#sold = size;
      this.#outageMs = 0;
      this.#isReported = false;
      return;
    }
    this.#outageMs += passedMs;
    this.longestMs = Math.max(this.longestMs, this.#outageMs);
    const maxMs = outageMaxMs * Math.max(1, loadPerCore() / loadMax);
    if (this.#outageMs <= maxMs || this.#isReported) return;
    this.#isReported = true;
    const ms = this.#outageMs.toFixed(0);
    this.#recorder.problem(`I12: nobody could buy for ${ms} ms, though a majority of each group \
was up and connected to itself and to a frontend`);
  }

  /** Who lost its folder is asked whether its group has taken it back. */
  #askVotes(nowMs: number): void {
    const wiped = this.#fleet.members.filter((name) => this.#fleet.service(name).isWiped);
    if (wiped.length === 0 || nowMs < this.#askedVotesMs + askVotesEveryMs) return;
    this.#askedVotesMs = nowMs;
    const asked = this.#fleet.status().then((members) => {
      for (const name of wiped) {
        const service = this.#fleet.service(name);
        const roles = members.filter((one) => one.name === name).map(({ role }) => role);
        const isBack = roles.every((role) => role === 'leader' || role === 'follower');
        // What a frontend tells may be from before the folder was lost.
        if (service.runsForMs(nowMs) > startsWithinMs && roles.length > 0 && isBack) {
          service.isWiped = false;
        }
      }
    });
    // No frontend answers: it is asked again.
    asked.catch(() => {});
  }
}

function loadPerCore(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}
