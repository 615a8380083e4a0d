/**
 * The clock port. Everything that waits or measures takes a Clock, so that the simulator can turn
 * time. Safety never rests on the wall clock; it is for people only.
 */
import { hrtime } from 'node:process';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, the same origin for all threads of a process; fractions allowed. */
  nowMs(): number;
  /** Milliseconds since 1970 by the wall clock. */
  wallMs(): number;
  /** Calls back once, at the earliest after `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
  /** Calls back at the end of this turn of the event loop, when its input has been read. */
  afterTurn(callback: () => void): void;
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
  afterTurn,
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

let inputCallbacks: (() => void)[] = [];
let turnCallbacks: (() => void)[] = [];

/**
 * Calls back when all sockets of this turn of the event loop have been read, and before whatever
 * `afterTurn` was given: what is done with the input then comes in one go, and leaves in one.
 */
export function afterInput(callback: () => void): void {
  if (isNobodyWaiting()) setImmediate(endTurn);
  inputCallbacks.push(callback);
}

/**
 * One immediate for all callbacks of a turn, and for those that they add: what one layer flushes,
 * the layer below it flushes in the same turn.
 */
function afterTurn(callback: () => void): void {
  if (isNobodyWaiting()) setImmediate(endTurn);
  turnCallbacks.push(callback);
}

function isNobodyWaiting(): boolean {
  return inputCallbacks.length === 0 && turnCallbacks.length === 0;
}

function endTurn(): void {
  let inputs = 0;
  let next = 0;
  try {
    while (inputs < inputCallbacks.length) inputCallbacks[inputs++]?.();
    while (next < turnCallbacks.length) turnCallbacks[next++]?.();
  } finally {
    // After a throw the rest has its turn all the same.
    inputCallbacks = inputCallbacks.slice(inputs);
    turnCallbacks = turnCallbacks.slice(next);
    if (!isNobodyWaiting()) setImmediate(endTurn);
  }
}

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

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
