/**
 * Joins the attempts of a purchase. All purchases under one key are one purchase with one outcome; it
 * took effect between the first request and the first answer (docs/PROTOCOL.md, I6; A24).
 */
import { describe } from './describe.js';
import type { Operation, Purchase } from './types.js';

export interface Joined {
  /** Contains each purchase once, without those that had no effect. */
  readonly operations: readonly Operation[];
  readonly problems: readonly string[];
}

export function joinAttempts(operations: readonly Operation[]): Joined {
  const joined: Operation[] = [];
  const problems: string[] = [];
  const places = new Map<string, number>();
  for (const operation of operations) {
    if (operation.ending === 'failed') continue;
    const key = operation.kind === 'purchase' ? operation.key : undefined;
    const place = key === undefined ? undefined : places.get(key);
    const first = place === undefined ? undefined : joined[place];
    if (place === undefined || first?.kind !== 'purchase' || operation.kind !== 'purchase') {
      if (key !== undefined) places.set(key, joined.length);
      joined.push(operation);
      continue;
    }
    const areBothTold = first.ending === 'ok' && operation.ending === 'ok';
    if (areBothTold && outcomeOf(first) !== outcomeOf(operation)) {
      problems.push(
        `I6: one purchase, two outcomes: ${describe(first)}, but ${describe(operation)}`,
      );
    }
    joined[place] = together(first, operation);
  }
  return { operations: joined, problems };
}

function outcomeOf({ result }: Purchase): string {
  if (result === undefined) return 'none';
  if ('sold' in result) return `sold ${result.sold} for ${result.totalCents}`;
  return 'refused' in result ? `refused ${result.refused}` : `missing ${result.missing}`;
}

function together(a: Purchase, b: Purchase): Purchase {
  const isSecond = b.ending === 'ok' && (a.ending !== 'ok' || b.returnedMs < a.returnedMs);
  const told = isSecond ? b : a;
  return { ...told, invokedMs: Math.min(a.invokedMs, b.invokedMs) };
}
