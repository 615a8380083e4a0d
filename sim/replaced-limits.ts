/**
 * Replaces limits of the store (src/base/limits.ts) during one run and restores them afterwards, so that
 * a small world reaches them. Only the simulator calls it. Invariant: outside a run every limit has its
 * real value.
 */
import { assert } from '../src/base/assert.js';
import {
  leaseLimits,
  logLimits,
  purchaseLimits,
  requestLimits,
  storageLimits,
} from '../src/base/limits.js';

type Values<Limits> = { readonly [name in keyof Limits]?: number };

/** The limits that a run replaces; others keep their real value. */
export interface Limits {
  readonly log?: Values<typeof logLimits>;
  readonly lease?: Values<typeof leaseLimits>;
  readonly purchase?: Values<typeof purchaseLimits>;
  readonly storage?: Values<typeof storageLimits>;
  readonly request?: Values<typeof requestLimits>;
}

const real = {
  log: logLimits,
  lease: leaseLimits,
  purchase: purchaseLimits,
  storage: storageLimits,
  request: requestLimits,
} as const;

let isReplaced = false;

export async function withLimits<T>(limits: Limits, run: () => Promise<T>): Promise<T> {
  assert(!isReplaced, 'one run at a time in a process');
  const before = Object.entries(real).map(([group, values]) => [group, { ...values }] as const);
  isReplaced = true;
  for (const [group, values] of Object.entries(limits)) set(group, values);
  try {
    return await run();
  } finally {
    for (const [group, values] of before) set(group, values);
    isReplaced = false;
  }
}

function set(group: string, values: Readonly<Record<string, number>>): void {
  const target = real[group as keyof typeof real] as Record<string, number>;
  for (const [name, value] of Object.entries(values)) {
    assert(name in target, `there is no limit ${group}.${name}`);
    target[name] = value;
  }
}
