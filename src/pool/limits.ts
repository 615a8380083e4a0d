/**
 * The limits of the pool alone; what the whole store shares stands in src/base/limits.ts. A test
 * may lower them, so they travel to each thread as one plain value.
 */
import { sessionLimits } from '../base/limits.js';

export interface RelayLimits {
  /** Sessions of the whole pool; one more is closed at once. */
  readonly sessionsMax: number;
  /** Sessions that one thread accepts by itself; one more is closed at once. */
  readonly threadSessionsMax: number;
  /** Sessions that one address may have. */
  readonly addressSessionsMax: number;
  /** Bytes of one session given to its thread and not consumed; beyond it the socket is paused. */
  readonly inputBytesMax: number;
  /** Bytes of one session written and not taken by the network; beyond it `write` returns false. */
  readonly outputBytesMax: number;
  /** Of all sessions of a thread, in each direction: with many sessions each has less. */
  readonly threadBytesMax: number;
  /** Bytes that each side may consume or take before it tells the other. */
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

/** A credit never told would be a session paused for ever. */
export function relayLimits(changes: Partial<RelayLimits> = {}): RelayLimits {
  const limits = { ...defaultRelayLimits, ...changes };
  const creditBytes = Math.min(
    limits.creditBytes,
    limits.inputBytesMax / 4,
    limits.outputBytesMax / 4,
  );
  return { ...limits, creditBytes };
}

/** Bytes that one of so many sessions may have under way in one direction, of `bytesMax` at most. */
export function windowBytes(limits: RelayLimits, bytesMax: number, sessions: number): number {
  const share = Math.floor(limits.threadBytesMax / Math.max(1, sessions));
  // With less, a side could wait for a credit that the other does not owe yet.
  return Math.min(bytesMax, Math.max(4 * limits.creditBytes, share));
}
