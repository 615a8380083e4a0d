/**
 * The limits of the pool; limits of the whole store are in src/base/limits.ts. Tests may lower
 * them, so each thread gets them as plain data.
 */
import { sessionLimits } from '../base/limits.js';

export interface RelayLimits {
  /** Sessions of the whole pool; one more is closed at once. */
  readonly sessionsMax: number;
  /** Sessions that one thread accepts itself; one more is closed at once. */
  readonly threadSessionsMax: number;
  /** Maximum of sessions of one address. */
  readonly addressSessionsMax: number;
  /** Bytes of one session passed to its thread and not consumed; above it the socket is paused. */
  readonly inputBytesMax: number;
  /** Bytes of one session written and not sent to the network; above it `write` returns false. */
  readonly outputBytesMax: number;
  /** Bytes of all sessions of a thread, in each direction: with many sessions each gets less. */
  readonly threadBytesMax: number;
  /** Bytes that a side may consume or send before it reports them to the other. */
  readonly creditBytes: number;
  /** Calls of one thread that the owner has not answered; one more is `overloaded`. */
  readonly callsMax: number;
  readonly drainMs: number;
}

export const defaultRelayLimits: RelayLimits = {
  sessionsMax: sessionLimits.sessionsMax,
  threadSessionsMax: sessionLimits.sessionsMax,
  addressSessionsMax: sessionLimits.sessionsMax,
  inputBytesMax: sessionLimits.inputBytesMax,
  outputBytesMax: sessionLimits.inputBytesMax,
  threadBytesMax: sessionLimits.heldBytesMax / 4,
  creditBytes: 16 * 1024,
  callsMax: 16_384,
  drainMs: sessionLimits.drainMs,
};

/**
 * Keeps credits smaller than the windows: a session whose credit is never sent would stay
 * paused.
 */
export function relayLimits(changes: Partial<RelayLimits> = {}): RelayLimits {
  const limits = { ...defaultRelayLimits, ...changes };
  const creditBytes = Math.min(
    limits.creditBytes,
    limits.inputBytesMax / 4,
    limits.outputBytesMax / 4,
  );
  return { ...limits, creditBytes };
}

/**
 * Bytes in flight that each of `sessions` sessions may have in one direction, at most `bytesMax`.
 */
export function windowBytes(limits: RelayLimits, bytesMax: number, sessions: number): number {
  const share = Math.floor(limits.threadBytesMax / Math.max(1, sessions));
  // With less, a side could wait for a credit that the other would not send yet.
  return Math.min(bytesMax, Math.max(4 * limits.creditBytes, share));
}
