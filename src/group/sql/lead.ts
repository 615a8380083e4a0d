/**
 * What a leader of one epoch knows: its entries that are not committed yet, the opened gates, its writer,
 * and the log time. Invariant: the visible position is committed and its gates are open (R7).
 */
import { logLimits, protocolTimes } from '../../base/limits.js';
import type { Entry } from '../../consensus/types.js';
import type { LogEnd } from '../../database/types.js';
import type { LogWriter } from './log-writer.js';

export interface LeadOptions {
  readonly epoch: number;
  /** When the takeover had committed. */
  readonly electedMs: number;
  readonly end: LogEnd;
  /** The last entry that is known to be committed before the opening entry is. */
  readonly committed: LogEnd;
  /** False: all gates are open. */
  readonly gated: boolean;
}

interface Uncommitted {
  readonly through: number;
  readonly bytes: number;
  readonly atMs: number;
}

export class Lead {
  readonly epoch: number;
  readonly electedMs: number;
  /** Seq of the opening entry. */
  readonly opening: number;
  writer: LogWriter | undefined;
  /** The last committed entry. */
  committed: LogEnd;
  #gate: number;
  #end: LogEnd;
  #stampedMs: number;
  #uncommitted: Uncommitted[] = [];
  #bytes = 0;

  constructor({ epoch, electedMs, end, committed, gated }: LeadOptions) {
    this.epoch = epoch;
    this.electedMs = electedMs;
    this.opening = end.seq + 1;
    this.committed = committed;
    this.#end = end;
    this.#gate = gated ? 0 : Number.POSITIVE_INFINITY;
    this.#stampedMs = electedMs;
  }

  get commit(): number {
    return this.committed.seq;
  }

  get visible(): number {
    return Math.min(this.commit, this.#gate);
  }

  openGates(through: number): void {
    this.#gate = Math.max(this.#gate, through);
  }

  hasRoom(command: Uint8Array): boolean {
    const { uncommittedEntriesMax, uncommittedBytesMax } = logLimits;
    const isFull = this.#uncommitted.length >= uncommittedEntriesMax;
    return !isFull && (this.#bytes === 0 || this.#bytes + command.length <= uncommittedBytesMax);
  }

  /** Makes the next entry. Log time advances with the clock, by a limited step (A25). */
  newEntry(command: Uint8Array, nowMs: number): Entry {
    const passedMs = Math.max(0, Math.floor(nowMs - this.#stampedMs));
    this.#stampedMs += passedMs;
    const { seq, time } = this.#end;
    const entry: Entry = {
      seq: seq + 1,
      epoch: this.epoch,
      time: time + Math.min(passedMs, protocolTimes.logTimeStepMaxMs),
      command,
    };
    this.#end = entry;
    this.#uncommitted.push({ through: entry.seq, bytes: command.length, atMs: nowMs });
    this.#bytes += command.length;
    return entry;
  }

  written(end: LogEnd): void {
    this.committed = end;
    const through = end.seq;
    let count = 0;
    for (const entry of this.#uncommitted) {
      if (entry.through > through) break;
      this.#bytes -= entry.bytes;
      count++;
    }
    this.#uncommitted.splice(0, count);
  }

  oldestUncommittedMs(nowMs: number): number {
    const [oldest] = this.#uncommitted;
    return oldest === undefined ? 0 : Math.max(0, nowMs - oldest.atMs);
  }
}
