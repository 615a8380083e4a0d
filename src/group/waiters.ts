/**
 * Requests that wait: proposals until their entry is applied, reads until a position is reached.
 * Each is settled exactly once.
 */
import { BazarError } from '../base/errors.js';
import { NumberMap } from '../base/number-map.js';
import type { Applied } from './types.js';

/** A read with a known position is rejected if the position is not reached in this time. */
const readMs = 2_000;

export interface Proposal<Result> {
  readonly command: Uint8Array;
  readonly appended: ((seq: number) => void) | undefined;
  readonly resolve: (applied: Applied<Result>) => void;
  readonly reject: (error: Error) => void;
}

export interface ReadWaiter {
  readonly resolve: (seq: number) => void;
  readonly reject: (error: Error) => void;
}

interface PositionedRead extends ReadWaiter {
  readonly position: number;
  readonly untilMs: number;
}

export function outcomeUnknown(): BazarError {
  return new BazarError('unavailable', 'the lead was lost; the outcome is unknown', {
    details: { unknown: true },
  });
}

export function noReadPosition(): BazarError {
  return new BazarError('unavailable', 'no leader could vouch for a read position');
}

export class Waiters<Result> {
  readonly #proposals = new NumberMap<Proposal<Result>>();
  readonly #asked = new NumberMap<readonly ReadWaiter[]>();
  #positioned: PositionedRead[] = [];
  #nextReadId = 1;

  appended(seq: number, proposal: Proposal<Result>): void {
    this.#proposals.set(seq, proposal);
  }

  applied(seq: number, result: Result): void {
    if (this.#proposals.size === 0) return;
    const proposal = this.#proposals.get(seq);
    if (proposal === undefined) return;
    this.#proposals.delete(seq);
    proposal.resolve({ seq, result });
  }

  /** Rejects the waiting proposals; their entries may or may not be committed. */
  leadLost(): void {
    const lost = this.#proposals.values();
    this.#proposals.clear();
    for (const proposal of lost) proposal.reject(outcomeUnknown());
  }

  /** Readers of one turn share a request; returns its id. */
  asked(readers: readonly ReadWaiter[]): number {
    const id = this.#nextReadId;
    this.#nextReadId += 1;
    this.#asked.set(id, readers);
    return id;
  }

  answered(id: number, position: number | undefined, applied: number, nowMs: number): void {
    const readers = this.#asked.get(id) ?? [];
    this.#asked.delete(id);
    for (const reader of readers) {
      if (position === undefined) reader.reject(noReadPosition());
      else if (position <= applied) reader.resolve(applied);
      else this.#positioned.push({ ...reader, position, untilMs: nowMs + readMs });
    }
  }

  reached(applied: number): void {
    if (this.#positioned.length === 0) return;
    const waiting = this.#positioned;
    this.#positioned = waiting.filter((read) => read.position > applied);
    if (this.#positioned.length === waiting.length) return;
    for (const read of waiting) if (read.position <= applied) read.resolve(applied);
  }

  tick(nowMs: number): void {
    const late = this.#positioned.filter((read) => read.untilMs <= nowMs);
    if (late.length === 0) return;
    this.#positioned = this.#positioned.filter((read) => read.untilMs > nowMs);
    for (const read of late) read.reject(noReadPosition());
  }

  /** The host stops. */
  close(): void {
    this.leadLost();
    const reads = [...this.#asked.values().flat(), ...this.#positioned];
    this.#asked.clear();
    this.#positioned = [];
    for (const read of reads) read.reject(noReadPosition());
  }
}
