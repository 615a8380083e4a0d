/**
 * The report of a frontend to each catalog replica, and the replica's answer about all frontends it
 * knows. Fields are positional; a later build appends its own. Invariant: the result of `readReport` has
 * the types and the limits declared here.
 */
import { hasFields, isInteger, isText } from './shapes.js';

/** Limit of a name, a process or an address. */
const textMax = 300;
/** Limit of an array of counters. */
const countersMax = 64;

export type FrontendReport = readonly [
  name: string,
  /** The incarnation: another process of the same name counts as another frontend. */
  process: string,
  pid: number,
  /** Addresses for other clients, as host:port. */
  raw: string,
  http: string,
  /** Wall time of its machine. */
  startedMs: number,
  lease: readonly [isHeld: boolean, generation: number, epoch: number],
  /** In the order of `cacheCounterNames`. */
  cache: readonly number[],
  requests: readonly [answered: number, failed: number, lookups: number, purchases: number],
  /** Purchases and confirmed holds that became orders. */
  orders: number,
  sessions: number,
  rssBytes: number,
  /** Requests in each bucket of `latencyBounds`, the unbounded one last. */
  lookupTimes: readonly number[],
  purchaseTimes: readonly number[],
];

/** `report_frontend`. Null: the process is stopping and does not count as lost. */
export type ReportParams = readonly [process: string, report: FrontendReport | null];

export const frontendStates = { up: 0, silent: 1, left: 2 } as const;
export type FrontendStateCode = (typeof frontendStates)[keyof typeof frontendStates];

export type FrontendRow = readonly [state: FrontendStateCode, report: FrontendReport];
export type ReportAnswer = readonly [rows: readonly FrontendRow[]];

/** Undefined if the value is invalid or from an incompatible build. */
export function readReport(value: unknown): FrontendReport | undefined {
  if (!hasFields(value, 14)) return undefined;
  const [name, process, pid, raw, http, startedMs, lease, cache, requests, ...others] = value;
  const [orders, sessions, rssBytes, lookupTimes, purchaseTimes] = others;
  if (!isName(name) || !isName(process) || !isName(raw) || !isName(http)) return undefined;
  if (!isInteger(pid) || !isInteger(startedMs)) return undefined;
  if (!isInteger(orders) || !isInteger(sessions) || !isInteger(rssBytes)) return undefined;
  if (!isLease(lease)) return undefined;
  if (!isCounters(cache) || !isCounters(lookupTimes) || !isCounters(purchaseTimes))
    return undefined;
  if (!isCounters(requests) || requests.length < 4) return undefined;
  const [answered = 0, failed = 0, lookups = 0, purchases = 0] = requests;
  return [
    ...([name, process, pid, raw, http, startedMs] as const),
    [lease[0], lease[1], lease[2]],
    cache,
    [answered, failed, lookups, purchases],
    ...([orders, sessions, rssBytes, lookupTimes, purchaseTimes] as const),
  ];
}

/** Returns the valid rows. Rows of a later build may have states unknown to this one. */
export function readRows(value: unknown): FrontendRow[] {
  if (!hasFields(value, 1) || !Array.isArray(value[0])) return [];
  const rows: readonly unknown[] = value[0];
  return rows.flatMap((row): FrontendRow[] => {
    if (!hasFields(row, 2)) return [];
    const state = Object.values(frontendStates).find((known) => known === row[0]);
    const report = readReport(row[1]);
    return state === undefined || report === undefined ? [] : [[state, report]];
  });
}

function isName(value: unknown): value is string {
  return isText(value) && value.length > 0 && value.length <= textMax;
}

function isCounters(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= countersMax && value.every(isInteger);
}

function isLease(value: unknown): value is FrontendReport[6] {
  if (!hasFields(value, 3)) return false;
  return typeof value[0] === 'boolean' && isInteger(value[1]) && isInteger(value[2]);
}
