/**
 * The frontends that report to this catalog replica, leader or not. Held in memory only, so that
 * each frontend can show all frontends. Uses no socket and no timer: time is an argument.
 * Invariant: at most `rowsMax` rows, and a frontend that has announced its stop is never shown as
 * silent.
 */
import { assert } from '../../base/assert.js';
import { frontendLimits } from '../../base/limits.js';
import {
  type FrontendReport,
  type FrontendRow,
  frontendStates,
} from '../../wire/frontend-report.js';

interface Row {
  report: FrontendReport;
  /** The connection of the last report. */
  peer: object;
  heardMs: number;
  /** Time at which that connection closed; undefined while it is open. */
  closedMs: number | undefined;
  leftMs: number | undefined;
}

export class FrontendTable {
  /** By process, in the order of their first reports. */
  readonly #rows = new Map<string, Row>();
  /** Time of the last report of any frontend. */
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Stores a frontend's report. Drops it if the table is full of live frontends. */
  report(peer: object, report: FrontendReport, nowMs: number): void {
    this.#turn(nowMs);
    const [, process] = report;
    const known = this.#rows.get(process);
    if (known?.leftMs !== undefined) return;
    if (known) {
      known.report = report;
      known.peer = peer;
      known.heardMs = nowMs;
      known.closedMs = undefined;
      return;
    }
    if (this.#rows.size >= frontendLimits.rowsMax && !this.#makeRoom(nowMs)) return;
    const row = { report, peer, heardMs: nowMs, closedMs: undefined, leftMs: undefined };
    this.#rows.set(process, row);
  }

  /** A frontend's process stops. */
  leave(process: string, nowMs: number): void {
    this.#turn(nowMs);
    const row = this.#rows.get(process);
    if (row) row.leftMs ??= nowMs;
  }

  closed(peer: object, nowMs: number): void {
    for (const row of this.#rows.values()) {
      if (row.peer === peer) row.closedMs ??= nowMs;
    }
  }

  rows(nowMs: number): FrontendRow[] {
    this.#forget(nowMs);
    return [...this.#rows.values()].map((row) => [stateOf(row, nowMs), row.report]);
  }

  invariants(): void {
    assert(this.#rows.size <= frontendLimits.rowsMax, 'the table of frontends is bounded');
  }

  /**
   * If this process was paused, the reports are still on their way, and no frontend counts as
   * silent.
   */
  #turn(nowMs: number): void {
    const stoodMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (stoodMs < frontendLimits.closedMs) return;
    for (const row of this.#rows.values()) {
      const wasUp = isUp(row, nowMs - stoodMs);
      if (wasUp && row.closedMs === undefined) row.heardMs = nowMs;
    }
  }

  /** Drops old rows, and each process that is gone while a later one has its name. */
  #forget(nowMs: number): void {
    const { deadMs, leftMs } = frontendLimits;
    const newest = new Map([...this.#rows].map(([process, { report }]) => [report[0], process]));
    for (const [process, row] of this.#rows) {
      const isOld =
        row.leftMs === undefined ? nowMs - row.heardMs > deadMs : nowMs - row.leftMs > leftMs;
      const isReplaced = newest.get(row.report[0]) !== process && !isUp(row, nowMs);
      if (isOld || isReplaced) this.#rows.delete(process);
    }
  }

  /**
   * Drops the frontend with the oldest report, unless all are live. Returns whether there is room.
   */
  #makeRoom(nowMs: number): boolean {
    const gone = [...this.#rows].filter(([, row]) => !isUp(row, nowMs));
    const [oldest] = gone.sort(([, a], [, b]) => a.heardMs - b.heardMs);
    return oldest !== undefined && this.#rows.delete(oldest[0]);
  }
}

function stateOf(row: Row, nowMs: number): FrontendRow[0] {
  if (row.leftMs !== undefined) return frontendStates.left;
  const { silentMs, closedMs } = frontendLimits;
  const isClosed = row.closedMs !== undefined && nowMs - row.closedMs >= closedMs;
  return isClosed || nowMs - row.heardMs >= silentMs ? frontendStates.silent : frontendStates.up;
}

function isUp(row: Row, nowMs: number): boolean {
  return stateOf(row, nowMs) === frontendStates.up;
}
