/**
 * Which faults are injected, and in which order: a deck of faults that is shuffled and dealt repeatedly,
 * so that each kind occurs as often as it is in the deck. Pure: the same seed deals the same faults;
 * only the current leader depends on the store.
 */
import type { DatabaseFault } from './database-fault.js';
import type { GroupName } from './fleet.js';
import type { Cutting, Isolation } from './network.js';

/** The current role of a service. */
export type Role =
  | `${GroupName}-leader`
  | `${GroupName}-other`
  | 'recovery'
  | 'frontend'
  | 'replica'
  | 'any';

export type Fault =
  /** SIGKILL, and a start after a while. */
  | { readonly kind: 'kill'; readonly who: Role; readonly downMs: number }
  /** SIGSTOP and SIGCONT. */
  | { readonly kind: 'pause'; readonly who: Role; readonly forMs: number }
  /** All links of one service are stalled or reset, in both directions or only one. */
  | {
      readonly kind: 'isolate';
      readonly who: Role;
      readonly isolation: Isolation;
      readonly cutting: Cutting;
      readonly forMs: number;
    }
  /** Cut off only from its own group; customers and the other group still reach it. */
  | {
      readonly kind: 'part';
      readonly who: Role;
      readonly isolation: Isolation;
      readonly cutting: Cutting;
      readonly forMs: number;
      /** It crashes while cut off: entries that only it has must be dropped. */
      readonly dies: boolean;
    }
  /** A leader is cut off only from its peers, until another member leads or long enough for that. */
  | {
      readonly kind: 'seclude';
      readonly who: `${GroupName}-leader`;
      readonly isolation: Isolation;
      readonly cutting: Cutting;
    }
  /** One link between two services that others can reach. */
  | {
      readonly kind: 'cut';
      readonly from: Role;
      readonly to: Role;
      readonly cutting: Cutting;
      readonly forMs: number;
    }
  /** All its connections break once. */
  | { readonly kind: 'reset'; readonly who: Role }
  /** Each new leader is killed, several times in a row. */
  | { readonly kind: 'chase'; readonly group: GroupName; readonly times: number }
  /** SIGSTOP until another member leads: then two members take themselves for the leader. */
  | { readonly kind: 'supplant'; readonly who: `${GroupName}-leader` }
  /** The lines from one service to the database. */
  | {
      readonly kind: 'cut-database';
      readonly who: Role;
      readonly cutting: Cutting;
      readonly forMs: number;
    }
  /** Of a store over a database. */
  | { readonly kind: 'database'; readonly fault: DatabaseFault }
  /** SIGKILL for a whole group at once. */
  | { readonly kind: 'kill-group'; readonly group: GroupName; readonly downMs: number }
  /** SIGKILL for every process at once. */
  | { readonly kind: 'kill-all'; readonly downMs: number }
  /** SIGKILL and an empty folder: it returns as a learner. */
  | { readonly kind: 'wipe'; readonly who: Role; readonly downMs: number };

/** Faults injected together, and the pause after them. */
export interface Injection {
  readonly faults: readonly Fault[];
  /** The injection waits until all services are back from the one before. */
  readonly onWhole: boolean;
  readonly calmMs: number;
}

export type Random = () => number;
export type Card = (random: Random) => Fault;

const pairProbability = 0.2;
const onWholeProbability = 0.7;
const calmMs = { min: 100, max: 1_500 };
export const downMs = { min: 0, max: 2_500 };
export const pauseMs = { min: 50, max: 3_500 };
const cutMs = { min: 50, max: 4_000 };

const leaders = ['order-leader', 'catalog-leader'] as const;
const groups = ['order', 'catalog'] as const;
const anybody: readonly Role[] = [
  'order-leader',
  'catalog-leader',
  'order-other',
  'catalog-other',
  'recovery',
  'frontend',
];

export const kill = (who: Role): Card => {
  return (random) => ({ kind: 'kill', who, downMs: between(random, downMs) });
};
export const stop = (who: Role): Card => {
  return (random) => ({ kind: 'pause', who, forMs: between(random, pauseMs) });
};
export const isolate = (who: Role): Card => {
  return (random) => ({ kind: 'isolate', who, ...cutOf(random), isolation: isolation(random) });
};
const part = (who: Role): Card => {
  return (random) => ({
    ...{ kind: 'part', who, ...cutOf(random), isolation: isolation(random) },
    dies: random() < 0.5,
  });
};

const seclude = (who: `${GroupName}-leader`): Card => {
  return (random) => {
    const { cutting } = cutOf(random);
    return { kind: 'seclude', who, cutting, isolation: isolation(random) };
  };
};

/** One of each of the most important kinds. */
export const shortDeck: readonly Card[] = [
  kill('order-leader'),
  kill('catalog-leader'),
  kill('frontend'),
  stop('order-leader'),
  isolate('catalog-leader'),
  part('order-leader'),
  (random) => ({ kind: 'wipe', who: 'order-other', downMs: between(random, downMs) }),
  (random) => ({ kind: 'kill-all', downMs: between(random, downMs) / 5 }),
];

export const wholeDeck: readonly Card[] = [
  ...anybody.flatMap((who) => [kill(who), stop(who), isolate(who)]),
  ...leaders.flatMap((who) => [kill(who), stop(who), isolate(who), part(who), part(who)]),
  part('catalog-other'),
  part('order-other'),
  ...leaders.map(seclude),
  (random) => ({ kind: 'cut', from: pick(random, anybody), to: 'any', ...cutOf(random) }),
  (random) => ({ kind: 'cut', from: 'order-leader', to: 'catalog-leader', ...cutOf(random) }),
  (random) => ({ kind: 'cut', from: 'frontend', to: pick(random, leaders), ...cutOf(random) }),
  (random) => ({ kind: 'cut', from: 'catalog-leader', to: 'recovery', ...cutOf(random) }),
  (random) => ({ kind: 'reset', who: pick(random, anybody) }),
  (random) => ({ kind: 'chase', group: pick(random, groups), times: 2 + below(random, 3) }),
  (random) => ({ kind: 'kill-group', group: 'order', downMs: between(random, downMs) }),
  (random) => ({ kind: 'kill-group', group: 'catalog', downMs: between(random, downMs) }),
  (random) => ({ kind: 'kill-all', downMs: between(random, downMs) }),
  (random) => ({ kind: 'wipe', who: pick(random, leaders), downMs: between(random, downMs) }),
  (random) => ({ kind: 'wipe', who: 'order-other', downMs: between(random, downMs) }),
  (random) => ({ kind: 'wipe', who: 'catalog-other', downMs: between(random, downMs) }),
  (random) => ({ kind: 'wipe', who: 'recovery', downMs: between(random, downMs) }),
];

/** Never ends. */
export function* deal(deck: readonly Card[], random: Random): Generator<Injection, never> {
  let left: Card[] = [];
  const next = (): Fault => {
    if (left.length === 0) left = [...deck];
    const [card] = left.splice(below(random, left.length), 1);
    if (!card) throw new Error('the deck is empty');
    return card(random);
  };
  for (;;) {
    const faults = random() < pairProbability ? [next(), next()] : [next()];
    yield { faults, onWhole: random() < onWholeProbability, calmMs: between(random, calmMs) };
  }
}

/** For example `kill order-leader`: faults with one name are counted together. */
export function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'chase':
    case 'kill-group':
      return `${fault.kind} ${fault.group}`;
    case 'kill-all':
      return fault.kind;
    case 'database':
      return `database ${fault.fault.event}`;
    case 'cut':
      return `cut ${fault.from} → ${fault.to}`;
    default:
      return `${fault.kind} ${fault.who}`;
  }
}

export function cutOf(random: Random): { cutting: Cutting; forMs: number } {
  return { cutting: random() < 0.6 ? 'hold' : 'reset', forMs: between(random, cutMs) };
}

function isolation(random: Random): Isolation {
  return pick(random, ['both', 'both', 'deaf', 'mute']);
}

export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

export function pick<T>(random: Random, all: readonly T[]): T {
  return all[below(random, all.length)] as T;
}

/** Short durations are more frequent than long ones. */
export function between(random: Random, { min, max }: { min: number; max: number }): number {
  return Math.round(min + (max - min) * random() ** 2);
}
