/**
 * Checks I12 during fault injection. While a majority of each group is up, has its votes, and is
 * connected to itself and to a frontend, a purchase must succeed within a limit. Counts only time in
 * which this process ran, so that a stalled machine does not count against the store.
 */
import { availableParallelism, loadavg } from 'node:os';
import type { Fleet, GroupName, MemberStatus } from './fleet.js';
import type { Recorder } from './recorder.js';
import type { View } from './sellable.js';

/** Another leader serves within this time (docs/PROTOCOL.md, I12). */
const servesWithinMs = 2_000;
/**
 * From there to an acknowledged purchase: the lease of a lost frontend expires (1.08 s), a connection is
 * opened again, and a customer pauses before its next attempt.
 */
const noticeWithinMs = 1_500;
export const outageMaxMs = servesWithinMs + noticeWithinMs;
/** A started process has this time after its first answer to restore its connections. */
const settlesWithinMs = 2_000;
/** A frontend may not know yet that a process was killed and started again. */
const staleMs = 1_000;
const lookEveryMs = 50;
/** A check later than this was delayed by a busy machine. */
const lateMs = 2 * lookEveryMs;
const askEveryMs = 500;
/** Runnable processes per core from which the limit grows with them, and the greatest factor. */
const loadMax = 2;
const loadFactorMax = 3;

export class OutageWatch {
  /** The longest time without a purchase in which the store could sell. */
  longestMs = 0;
  /** The greatest limit that applied. */
  boundMs = outageMaxMs;
  readonly #fleet: Fleet;
  readonly #recorder: Recorder;
  readonly #view: View;
  #timer: NodeJS.Timeout | undefined;
  #lookedAtMs = 0;
  #sold = 0;
  #outageMs = 0;
  #isReported = false;
  #askedMs = 0;

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
      isUp: (name) => this.#isUp(name),
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

  /** Called at intervals; a late check counts like a timely one. */
  look(): void {
    const nowMs = this.#recorder.nowMs();
    const passedMs = Math.min(nowMs - this.#lookedAtMs, lateMs);
    this.#lookedAtMs = nowMs;
    this.#askAfter(nowMs);
    const { size } = this.#recorder.sold;
    if (size > this.#sold || !this.#fleet.ground.canSell(this.#view)) {
      this.#sold = size;
      this.#outageMs = 0;
      this.#isReported = false;
      return;
    }
    this.#outageMs += passedMs;
    this.longestMs = Math.max(this.longestMs, this.#outageMs);
    const factor = Math.min(loadFactorMax, Math.max(1, loadPerCore() / loadMax));
    const maxMs = outageMaxMs * factor;
    this.boundMs = Math.max(this.boundMs, maxMs);
    if (this.#outageMs <= maxMs || this.#isReported) return;
    this.#isReported = true;
    const ms = this.#outageMs.toFixed(0);
    this.#recorder.problem(`I12: no customer could buy for ${ms} ms (bound: ${maxMs.toFixed(0)}), though a majority of each group \
was up and connected to itself and to a frontend`);
  }

  #isUp(name: string): boolean {
    const service = this.#fleet.service(name);
    const nowMs = this.#recorder.nowMs();
    const { answeredMs } = service;
    const hasSettled = answeredMs !== undefined && nowMs - answeredMs > settlesWithinMs;
    return hasSettled && service.runsForMs(nowMs) > 0;
  }

  /** Queries processes that were started and have not answered yet, or that lost their folders. */
  #askAfter(nowMs: number): void {
    const { frontends, members } = this.#fleet;
    const isAskedAfter = (name: string): boolean => {
      const { answeredMs, isWiped } = this.#fleet.service(name);
      return answeredMs === undefined || isWiped;
    };
    if (nowMs < this.#askedMs + askEveryMs) return;
    if (![...frontends, ...members].some(isAskedAfter)) return;
    this.#askedMs = nowMs;
    for (const frontend of frontends) {
      const { pid } = this.#fleet.service(frontend);
      const asked = this.#fleet.statusOf(frontend).then((statuses) => {
        if (this.#fleet.service(frontend).pid === pid) this.#answered(frontend);
        for (const name of members.filter(isAskedAfter)) this.#hear(name, statuses, nowMs);
      });
      // It does not answer; the next query repeats this.
      asked.catch(() => {});
    }
  }

  /** A frontend's status may be older than this start, or than the loss of the folder. */
  #hear(name: string, statuses: readonly MemberStatus[], askedMs: number): void {
    const service = this.#fleet.service(name);
    const roles = statuses.filter((one) => one.name === name).map(({ role }) => role);
    if (service.runsForMs(askedMs) < staleMs || roles.length === 0) return;
    if (roles.every((role) => role !== 'down')) this.#answered(name);
    if (roles.every((role) => role === 'leader' || role === 'follower')) service.isWiped = false;
  }

  #answered(name: string): void {
    this.#fleet.service(name).answeredMs ??= this.#recorder.nowMs();
  }
}

function loadPerCore(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}
