/**
 * The clock port. Everything that waits or measures takes a Clock, so that the simulator can turn
 * time. Safety never rests on the wall clock alone: it may end a lease or a deadline early, never late.
 */
import { hrtime } from 'node:process';
import { systemTurn, type Turn } from './turn.js';

export interface Timer {
  cancel(): void;
}

export interface Clock extends Pick<Turn, 'afterTurn'> {
  /** Monotonic milliseconds, the same origin for all threads of a process; fractions allowed. */
  nowMs(): number;
  /** Milliseconds since 1970 by the wall clock. */
  wallMs(): number;
  /** Calls back once, at the earliest after `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  // hrtime is the same CLOCK_MONOTONIC in each thread; performance.now() starts anew there.
  nowMs: () => {
    const [seconds, nanos] = hrtime();
    return seconds * 1000 + nanos / 1e6;
  },
  wallMs: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  afterTurn: (callback) => systemTurn.afterTurn(callback),
};

/**
 * The same, but its timers keep the process alive: for programs that wait with nothing else open,
 * as commands and clients do. Services have their sockets for that.
 */
export const waitingClock: Clock = {
  ...systemClock,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Calls back every `ms` until cancelled; the next wait starts when the callback has returned. */
export function every(clock: Clock, ms: number, callback: () => void): Timer {
  let cancelled = false;
  let timer = clock.after(ms, tick);
  function tick(): void {
    if (cancelled) return;
    callback();
    if (!cancelled) timer = clock.after(ms, tick);
  }
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}

/**
 * Counts down from `ms`. The monotonic clock stands still while the machine is suspended, and the wall
 * clock may be set back: the time is up when either of them says so.
 */
export function countdown(clock: Clock, ms: number): () => number {
  const endMs = clock.nowMs() + ms;
  const wallEndMs = clock.wallMs() + ms;
  return () => Math.min(endMs - clock.nowMs(), wallEndMs - clock.wallMs());
}

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
