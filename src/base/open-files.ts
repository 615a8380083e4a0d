/**
 * The number of sessions that the process's limit of descriptors allows. Some descriptors are reserved
 * for the journal, snapshots and connections to other services, so that strangers' connections cannot
 * stop a member from opening a file. Reads the limit on Linux only; elsewhere it is unknown, and the
 * store's own limits apply.
 */
import { readFileSync } from 'node:fs';
import { sessionLimits } from './limits.js';

/** Reserved for files, pipes, event loops and connections to other services. */
export const descriptorsKept = 128;
/** This many sessions are admitted even with a low limit. */
const sessionsMin = 16;
/** A member has two listeners, and handshakes on each. */
const handshakesShare = 4;
const serviceShare = 2;

/** The soft limit, which Node raises to the hard one at start; undefined if unknown. */
export function openFilesMax(limits: string = readLimits()): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

export interface SessionPlaces {
  /** Sessions of a frontend. */
  readonly frontend: number;
  /** Sessions of a member's service listener. */
  readonly service: number;
  /** Sessions of one listener between services that have not proved their identity. */
  readonly handshakes: number;
}

export function sessionPlaces(openFiles: number | undefined = openFilesMax()): SessionPlaces {
  const { sessionsMax, handshakesMax } = sessionLimits;
  const left = Math.max(sessionsMin, (openFiles ?? Number.POSITIVE_INFINITY) - descriptorsKept);
  return {
    frontend: Math.min(sessionsMax, left),
    service: Math.min(sessionsMax, Math.ceil(left / serviceShare)),
    handshakes: Math.min(handshakesMax, Math.ceil(left / handshakesShare)),
  };
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
