/**
 * The clock of commands: its timers keep the process alive, because a command that waits has often
 * nothing else open. Services use the system's, whose timers do not.
 */
import { type Clock, systemClock } from '../base/clock.js';

export const waitingClock: Clock = {
  ...systemClock,
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
