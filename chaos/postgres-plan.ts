/** The decks of faults for a store over a database. */
import type { DatabaseFault, lockStatements } from './database-fault.js';
import {
  below,
  between,
  type Card,
  cutOf,
  downMs,
  isolate,
  kill,
  pauseMs,
  pick,
  type Random,
  stop,
} from './plan.js';

/**
 * From the death of the primary to the promotion, or from the promotion to the death. The second is
 * longer than the statement_timeout of the store, which ends a commit's wait for the standby.
 */
const fenceMs = { early: { min: 0, max: 1_500 }, late: { min: 0, max: 6_000 } };
const awayMs = { min: 100, max: 3_000 };
const heldMs = { min: 500, max: 6_000 };
const timeoutMs = { min: 1, max: 20 };

const database = (fault: (random: Random) => DatabaseFault): Card => {
  return (random) => ({ kind: 'database', fault: fault(random) });
};
const failover = (fence: 'early' | 'late'): Card => {
  return database((random) => ({
    ...{ event: 'failover', fence, waits: random() < 0.5 },
    forMs: between(random, fenceMs[fence]),
  }));
};
const restart = database((random) => ({ event: 'restart', forMs: between(random, awayMs) }));
const crash = database((random) => ({ event: 'crash', forMs: between(random, awayMs) }));
const standbyLoss = database((random) => ({
  ...{ event: 'standby-loss', forMs: between(random, heldMs) },
}));
const slots = database((random) => ({
  ...{ event: 'slots', evicts: random() < 0.7, forMs: between(random, heldMs) },
}));
const lock = (of: keyof typeof lockStatements): Card => {
  return database((random) => ({ event: 'lock', of, forMs: between(random, heldMs) }));
};
const timeout = database((random) => ({
  ...{ event: 'timeout', of: pick(random, ['role', 'database'] as const) },
  ...{ timeoutMs: between(random, timeoutMs), forMs: between(random, heldMs) },
}));
const fullDisk = database((random) => ({ event: 'full-disk', forMs: between(random, heldMs) }));
const cutLine = (who: 'catalog-leader' | 'order-leader'): Card => {
  return (random) => ({ kind: 'cut-database', who, ...cutOf(random) });
};
const supplant = (who: 'catalog-leader' | 'order-leader'): Card => {
  return () => ({ kind: 'supplant', who });
};

const shortDeck: readonly Card[] = [
  kill('catalog-leader'),
  kill('order-leader'),
  kill('frontend'),
  supplant('catalog-leader'),
  supplant('order-leader'),
  cutLine('catalog-leader'),
  cutLine('order-leader'),
  failover('early'),
  failover('late'),
  restart,
  crash,
  standbyLoss,
  slots,
  lock('products'),
  lock('catalog'),
  timeout,
  (random) => ({ kind: 'kill-all', downMs: between(random, downMs) / 5 }),
];

const wholeDeck: readonly Card[] = [
  ...shortDeck,
  ...shortDeck,
  ...(
    ['catalog-leader', 'order-leader', 'catalog-other', 'order-other', 'frontend'] as const
  ).flatMap((who) => [kill(who), stop(who), isolate(who)]),
  lock('order'),
  supplant('catalog-leader'),
  (random) => ({ kind: 'reset', who: pick(random, ['catalog-leader', 'order-leader'] as const) }),
  (random) => ({
    ...{ kind: 'chase', group: pick(random, ['catalog', 'order'] as const) },
    times: 2 + below(random, 3),
  }),
  (random) => ({ kind: 'kill-group', group: 'catalog', downMs: between(random, downMs) }),
  (random) => ({ kind: 'kill-group', group: 'order', downMs: between(random, pauseMs) }),
];

/** @param fillsDisks whether disks of a chosen size can be mounted. */
export function postgresDecks(fillsDisks: boolean): {
  readonly short: readonly Card[];
  readonly whole: readonly Card[];
} {
  const full = fillsDisks ? [fullDisk] : [];
  return { short: [...shortDeck, ...full], whole: [...wholeDeck, ...full, ...full] };
}
