/**
 * The clock port. Everything that waits or measures takes a Clock, so that the simulator can turn
 * time. Safety never rests on the wall clock alone: it may end a lease or a deadline early, never late.
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
  /** Calls back at the end of this turn of the event loop, when its input has been acted on. */
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

/** Callbacks in their order, with those that they add. */
class Stage {
  #callbacks: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#callbacks.length === 0;
  }

  add(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  run(): void {
    let next = 0;
    try {
      while (next < this.#callbacks.length) this.#callbacks[next++]?.();
    } finally {
      // After a throw the rest has its turn all the same.
      this.#callbacks = this.#callbacks.slice(next);
    }
  }
}

/**
 * A turn of the event loop ends in three stages, of all connections each: act on what was read, send
 * what that left to be sent, write it to the sockets. A connection's code and the kernel's would
 * drive each other out of the processor's caches with every message if they took turns.
 */
const input = new Stage();
const turn = new Stage();
const output = new Stage();

/** Calls back when all sockets of this turn have been read, before whatever `afterTurn` was given. */
export function afterInput(callback: () => void): void {
  addTo(input, callback);
}

/** What one layer flushes, the layer below it flushes in the same turn. */
function afterTurn(callback: () => void): void {
  addTo(turn, callback);
}

/** Calls back when nothing is left to be flushed in this turn. */
export function afterOutput(callback: () => void): void {
  addTo(output, callback);
}

/**
 * Calls back when the sockets of this turn have been read, or those of the next one where this one is
 * ending. It may come before or after the three stages of that turn.
 */
export function nextImmediate(callback: () => void): void {
  setImmediate(callback);
}

/** One immediate for all callbacks of a turn: what a stage has run stays in it until it has run all. */
function addTo(stage: Stage, callback: () => void): void {
  if (isNobodyWaiting()) setImmediate(endTurn);
  stage.add(callback);
}

function isNobodyWaiting(): boolean {
  return input.isEmpty && turn.isEmpty && output.isEmpty;
}

function endTurn(): void {
  try {
    input.run();
    turn.run();
    output.run();
  } finally {
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
