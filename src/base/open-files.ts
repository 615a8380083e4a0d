/**
 * How many sessions the process's limit of descriptors allows. Files of the journal, snapshots and
 * connections to other services come first: a part of the descriptors is kept for them, so that
 * strangers who connect cannot stop a member from opening a file. Knows Linux alone; elsewhere the
 * limit is unknown, and the store's own limits hold.
 */
import { readFileSync } from 'node:fs';
import { sessionLimits } from './limits.js';

/** For files, pipes, event loops and connections to other services. */
export const descriptorsKept = 128;
/** However low the limit is, so many are admitted. */
const sessionsMin = 16;
/** A member has two listeners, and handshakes on each. */
const handshakesShare = 4;
const serviceShare = 2;

/** The soft limit, which Node raises to the hard one at its start; undefined where it is unknown. */
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
  /** Sessions of one listener between services that have not proved who they are. */
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
