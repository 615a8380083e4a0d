/**
 * The timer of a member, as often as its stage needs. A leader has heartbeats to send, a candidate short
 * times to watch. A follower only gives up reads that were lost, after seconds.
 */
import { type Clock, every, type Timer } from '../base/clock.js';
import { protocolTimes } from '../base/limits.js';
import type { Stage } from '../consensus/state.js';

const tickMs: Readonly<Record<Stage['kind'], number>> = {
  leader: protocolTimes.heartbeatMs / 2,
  candidate: 25,
  follower: 250,
};

export class StageTimer {
  readonly #clock: Clock;
  readonly #tick: () => void;
  #timer: Timer | undefined;
  #ms = 0;

  constructor(clock: Clock, tick: () => void) {
    this.#clock = clock;
    this.#tick = tick;
  }

  /** Call when the stage may have changed. */
  follow(stage: Stage): void {
    const ms = tickMs[stage.kind];
    if (ms === this.#ms) return;
    this.stop();
    this.#ms = ms;
    this.#timer = every(this.#clock, ms, this.#tick);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#ms = 0;
  }
}
