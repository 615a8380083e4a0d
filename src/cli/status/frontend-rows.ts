/**
 * Formats the frontends of a store: a row for each, and a row of totals if there are several. Pure.
 * A metric that an older frontend does not report is empty.
 */
import type { FrontendStatus, StoreStatus } from '../../frontend/types.js';
import { type Cell, printable } from '../output/output.js';
import { perSecond } from './rates.js';

/** Columns to omit, in this order, if the screen is too narrow. */
export const spareOfFrontends = [
  ...[
    'GENERATION',
    'MISSES',
    'HITS',
    'PID',
    'MEMORY',
    'HTTP',
    'SESSIONS',
    'ERRORS',
    'ORDERS/s',
    'ORDERS',
  ],
];

const times = ['LOOK-UPS/s', 'ORDERS/s'] as const;

/** @param hasRates whether there is an earlier status to compare with. */
export function frontendHead(hasRates: boolean): string[] {
  return [
    ...['FRONTEND', 'STATE', 'HTTP', 'PID', ...(hasRates ? times : [])],
    ...['HIT RATE', 'HITS', 'MISSES', 'ORDERS', 'ERRORS', 'SESSIONS', 'MEMORY'],
    ...['LEASE', 'GENERATION'],
  ];
}

export function frontendRows(
  { frontends }: StoreStatus,
  before: StoreStatus | undefined,
  seconds: number,
): Cell[][] {
  const span = before && seconds;
  const metrics = frontends.map((one) => ({ one, of: metricsOf(one, before) }));
  const rows = metrics.map(({ one, of }) => rowOf(firstCells(one), of, lastCells(one), span));
  if (frontends.length < 2) return rows;
  const up = frontends.filter(({ state }) => state !== 'down').length;
  const state: Cell = { text: `${up} up`, tone: up === frontends.length ? 'good' : 'bad' };
  const all = sumOf(metrics.map(({ of }) => of));
  return [...rows, rowOf(['all', state, '', ''], all, ['', ''], span)];
}

const metricNames = [
  // Since the start of the process.
  'hits',
  'misses',
  'orders',
  'errors',
  'sessions',
  'memory',
  // Since the earlier status if it is of the same process, otherwise since the start of the
  // process.
  'newHits',
  'newAsked',
  // Since the earlier status, if there is one.
  'lookUpsSince',
  'ordersSince',
  // Number of frontends that report requests; older builds report only their caches.
  'told',
] as const;

type RowMetrics = Readonly<Record<(typeof metricNames)[number], number>>;

function metricsOf(one: FrontendStatus, before: StoreStatus | undefined): RowMetrics {
  const { hits, misses, asked, orders } = countsOf(one);
  const was = before?.frontends.find(({ name, pid }) => name === one.name && pid === one.pid);
  const since = was && countsOf(was);
  const newAsked = asked - (since?.asked ?? 0);
  return {
    ...{ hits, misses, orders, newAsked },
    errors: one.requests?.failed ?? 0,
    sessions: one.sessions ?? 0,
    memory: one.rss_bytes ?? 0,
    newHits: hits - (since?.hits ?? 0),
    lookUpsSince: since ? newAsked : 0,
    ordersSince: since ? orders - since.orders : 0,
    told: one.requests ? 1 : 0,
  };
}

function countsOf({ cache, requests }: FrontendStatus) {
  const { hits = 0, misses = 0 } = cache;
  return { hits, misses, asked: hits + misses, orders: requests?.orders ?? 0 };
}

function sumOf(all: readonly RowMetrics[]): RowMetrics {
  const sums = metricNames.map((name) => [name, all.reduce((sum, one) => sum + one[name], 0)]);
  return Object.fromEntries(sums) as RowMetrics;
}

function rowOf(
  first: readonly Cell[],
  of: RowMetrics,
  last: readonly Cell[],
  seconds: number | undefined,
): Cell[] {
  const hitRate = of.newAsked === 0 ? '' : `${((100 * of.newHits) / of.newAsked).toFixed(1)} %`;
  const rates =
    seconds === undefined
      ? []
      : [
          perSecond(of.lookUpsSince, seconds),
          of.told === 0 ? '' : perSecond(of.ordersSince, seconds),
        ];
  const memory = of.memory === 0 ? '' : `${Math.round(of.memory / 1e6)} MB`;
  const { hits, misses } = of;
  const requests = of.told === 0 ? ['', '', ''] : [of.orders, of.errors, of.sessions];
  return [...first, ...rates, hitRate, hits, misses, ...requests, memory, ...last];
}

function firstCells({ name, pid, state = 'up', http = '' }: FrontendStatus): Cell[] {
  const shown: Cell = { text: state, tone: state === 'up' ? 'good' : 'bad' };
  return [printable(name), shown, printable(http), pid];
}

function lastCells({ lease, state }: FrontendStatus): Cell[] {
  if (state === 'down') return ['', ''];
  const held: Cell = lease.held
    ? { text: 'held', tone: 'good' }
    : { text: 'none', tone: 'doubtful' };
  return [held, Number(lease.generation ?? 0)];
}
