/**
 * The turn port: callbacks at the end of a turn of the event loop. A turn ends in three stages, each
 * for all connections of the thread: act on the input, send what that produced, write it to the
 * sockets. The stages keep the code of the connections and the code of the kernel apart, so that each
 * stays in the processor's caches. Invariant: every callback runs once, in the order of its stage.
 */
import { isOn } from './optimisations.js';

export interface Turn {
  /** Calls back when all sockets of this turn have been read, before `afterTurn` callbacks. */
  afterInput(callback: () => void): void;
  /** Calls back when the input of this turn has been acted on. */
  afterTurn(callback: () => void): void;
  /** Calls back when all `afterTurn` callbacks of this turn have run. */
  afterOutput(callback: () => void): void;
  /**
   * Calls back when the sockets of this turn have been read, or those of the next turn if this one is
   * ending. The order relative to the three stages is not defined.
   */
  nextTurn(callback: () => void): void;
}

/** Callbacks in their order, including those that they add. */
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
      // If a callback throws, the rest runs in the next turn.
      this.#callbacks = this.#callbacks.slice(next);
    }
  }
}

/** A turn in stages. `immediate` runs a callback once the sockets of the turn have been read. */
export function stagedTurn(immediate: (callback: () => void) => void): Turn {
  const input = new Stage();
  const turn = new Stage();
  const output = new Stage();
  const isIdle = (): boolean => input.isEmpty && turn.isEmpty && output.isEmpty;
  const endTurn = (): void => {
    try {
      input.run();
      turn.run();
      output.run();
    } finally {
      if (!isIdle()) immediate(endTurn);
    }
  };
  // One immediate for all callbacks of a turn: a stage is empty only after all its callbacks have run.
  const addTo = (stage: Stage, callback: () => void): void => {
    if (isIdle()) immediate(endTurn);
    stage.add(callback);
  };
  return {
    afterInput: (callback) => addTo(input, callback),
    afterTurn: (callback) => addTo(turn, callback),
    afterOutput: (callback) => addTo(output, callback),
    nextTurn: immediate,
  };
}

/** A turn without stages: each callback is an immediate of its own. */
export function plainTurn(immediate: (callback: () => void) => void): Turn {
  return {
    afterInput: immediate,
    afterTurn: immediate,
    afterOutput: immediate,
    nextTurn: immediate,
  };
}

const immediate = (callback: () => void): void => {
  setImmediate(callback);
};
const staged = stagedTurn(immediate);
const plain = plainTurn(immediate);
const current = (): Turn => (isOn('turn-stages') ? staged : plain);

/** The turns of this thread's event loop. */
export const systemTurn: Turn = {
  afterInput: (callback) => current().afterInput(callback),
  afterTurn: (callback) => current().afterTurn(callback),
  afterOutput: (callback) => current().afterOutput(callback),
  nextTurn: immediate,
};
