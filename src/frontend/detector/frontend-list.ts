/**
 * All frontends of the store, from the answers of the catalog replicas. Pure: uses no clock and no
 * socket. A frontend is up if any replica gets its reports. While no replica answers, every
 * frontend keeps its state. Invariant: each change is reported once, and the list is bounded.
 */
import { assert } from '../../base/assert.js';
import { frontendLimits } from '../../base/limits.js';
import {
  type FrontendReport,
  type FrontendRow,
  frontendStates,
} from '../../wire/frontend-report.js';
import type { Moment } from '../types.js';

export interface KnownFrontend {
  readonly report: FrontendReport;
  readonly isUp: boolean;
}

interface Known extends KnownFrontend {
  /** Time at which an answer last named it, or at which answers resumed. */
  readonly seenMs: number;
  /** Time since which it is unreachable. */
  readonly downMs: number | undefined;
}

interface Answer {
  readonly rows: readonly FrontendRow[];
  readonly atMs: number;
}

export interface FrontendListOptions {
  /** This process and its name, which the list excludes. */
  readonly process: string;
  readonly name: string;
  readonly tell: (event: 'frontend', data: Readonly<Record<string, unknown>>) => void;
}

type Combined = Map<string, FrontendRow>;

/** If replicas disagree about a process, the first of these states counts. */
const precedence = [frontendStates.left, frontendStates.up, frontendStates.silent];

export class FrontendList {
  readonly #options: FrontendListOptions;
  readonly #answers = new Map<string, Answer>();
  readonly #known = new Map<string, Known>();
  /** The last reported state, by name. */
  readonly #told = new Map<string, 'up' | 'down'>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(options: FrontendListOptions) {
    this.#options = options;
  }

  /** The other frontends, by name. */
  get others(): readonly KnownFrontend[] {
    const all = [...this.#known.values()];
    return all.sort((a, b) => compareNames(a.report[0], b.report[0]));
  }

  /** A catalog replica answered. */
  answered(replica: string, rows: readonly FrontendRow[], moment: Moment): void {
    this.#answers.set(replica, { rows: rows.slice(0, frontendLimits.rowsMax), atMs: moment.nowMs });
    this.#look(moment);
  }

  invariants(): void {
    assert(this.#known.size <= frontendLimits.rowsMax, 'the list of frontends is bounded');
  }

  #look(moment: Moment): void {
    const { nowMs } = moment;
    const combined = this.#combine(nowMs);
    const isAfterSilence = nowMs - this.#lookedMs > frontendLimits.answerMs;
    this.#lookedMs = nowMs;
    for (const [process, row] of combined) this.#recordRow(process, row, nowMs);
    for (const [process, known] of this.#known) {
      if (isAfterSilence) this.#known.set(process, { ...known, seenMs: nowMs });
      else if (known.isUp && nowMs - known.seenMs >= frontendLimits.missedMs)
        this.#known.set(process, { ...known, isUp: false, downMs: nowMs });
      if (nowMs - (known.downMs ?? nowMs) > frontendLimits.deadMs) this.#known.delete(process);
    }
    const up = new Set([this.#options.name]);
    for (const { report, isUp } of this.#known.values()) if (isUp) up.add(report[0]);
    for (const [process, { report, isUp }] of this.#known) {
      // Another process of that frontend has replaced it.
      if (!isUp && up.has(report[0])) this.#known.delete(process);
    }
    this.#tell(combined, moment.at);
  }

  #combine(nowMs: number): Combined {
    const combined: Combined = new Map();
    for (const [replica, { rows, atMs }] of this.#answers) {
      if (nowMs - atMs > frontendLimits.answerMs) this.#answers.delete(replica);
      else for (const row of rows) combine(combined, row);
    }
    combined.delete(this.#options.process);
    return combined;
  }

  #recordRow(process: string, [state, report]: FrontendRow, nowMs: number): void {
    const known = this.#known.get(process);
    if (state === frontendStates.left) {
      this.#known.delete(process);
      return;
    }
    if (!known && this.#known.size >= frontendLimits.rowsMax) return;
    const isUp = state === frontendStates.up;
    const downMs = isUp ? undefined : (known?.downMs ?? nowMs);
    this.#known.set(process, { report, isUp, seenMs: nowMs, downMs });
  }

  #tell(combined: Combined, at: string): void {
    const states = new Map<string, KnownFrontend>();
    for (const known of this.#known.values()) {
      const [name] = known.report;
      if (known.isUp || !states.has(name)) states.set(name, known);
    }
    for (const [name, { isUp, report }] of states) {
      const [was, is] = [this.#told.get(name), isUp ? 'up' : 'down'] as const;
      if (was === is) continue;
      this.#told.set(name, is);
      const [, , , raw, http] = report;
      const message = `${name} ${isUp ? (was === 'down' ? 'is back' : 'is up') : 'is not reachable'}`;
      this.#options.tell('frontend', { at, name, state: is, raw, http, message });
    }
    for (const name of this.#told.keys()) {
      if (states.has(name)) continue;
      this.#told.delete(name);
      const left = [...combined.values()].find(
        ([state, report]) => state === frontendStates.left && report[0] === name,
      );
      if (!left) continue;
      const [, , , raw, http] = left[1];
      const message = `${name} was stopped`;
      this.#options.tell('frontend', { at, name, state: 'stopped', raw, http, message });
    }
  }
}

function combine(combined: Combined, row: FrontendRow): void {
  const [state, report] = row;
  const [, process] = report;
  const before = combined.get(process);
  const rank = before ? precedence.indexOf(before[0]) - precedence.indexOf(state) : 1;
  if (rank > 0 || (rank === 0 && isNewer(report, before?.[1]))) combined.set(process, row);
}

/** Compares the counters, which only grow. */
function isNewer(report: FrontendReport, before: FrontendReport | undefined): boolean {
  const [answered] = report[8];
  return answered > (before?.[8][0] ?? 0);
}

/** Sorts frontend-2 before frontend-10. */
export function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
