/**
 * Joins the attempts of an operation. All operations under one key are one operation with one outcome; it
 * took effect between the first request and the first answer (docs/PROTOCOL.md, I6; A24).
 */
import { describe } from './describe.js';
import type { Operation } from './types.js';

export interface Joined {
  /** Contains each operation once, without those that had no effect. */
  readonly operations: readonly Operation[];
  readonly problems: readonly string[];
}

export function joinAttempts(operations: readonly Operation[]): Joined {
  const joined: Operation[] = [];
  const problems: string[] = [];
  const places = new Map<string, number>();
  for (const operation of operations) {
    if (operation.ending === 'failed') continue;
    const key = 'key' in operation ? operation.key : undefined;
    const place = key === undefined ? undefined : places.get(key);
    const first = place === undefined ? undefined : joined[place];
    if (place === undefined || first === undefined) {
      if (key !== undefined) places.set(key, joined.length);
      joined.push(operation);
      continue;
    }
    if (first.kind !== operation.kind) {
      problems.push(`I6: one key, two operations: ${describe(first)}, and ${describe(operation)}`);
      joined.push(operation);
      continue;
    }
    const areBothTold = first.ending === 'ok' && operation.ending === 'ok';
    if (areBothTold && outcomeOf(first) !== outcomeOf(operation)) {
      problems.push(
        `I6: one ${nameOf(first)}, two outcomes: ${describe(first)}, but ${describe(operation)}`,
      );
    }
    joined[place] = together(first, operation);
  }
  return { operations: joined, problems };
}

function nameOf({ kind }: Operation): string {
  return kind === 'confirm' ? 'confirmation' : kind;
}

/** What every answer under the key must repeat. */
function outcomeOf({ result }: Operation): string {
  if (typeof result !== 'object') return result ?? 'none';
  if ('sold' in result) return `sold ${result.sold} for ${result.totalCents}`;
  if ('refused' in result) return `refused ${result.refused}`;
  if ('missing' in result) return `missing ${result.missing}`;
  if ('held' in result) return `held ${result.held} for ${result.totalCents}`;
  if ('cancelled' in result) return `cancelled ${result.cancelled} for ${result.totalCents}`;
  return JSON.stringify(result);
}

function together<O extends Operation>(a: O, b: O): O {
  const isSecond = b.ending === 'ok' && (a.ending !== 'ok' || b.returnedMs < a.returnedMs);
  const told = isSecond ? b : a;
  return { ...told, invokedMs: Math.min(a.invokedMs, b.invokedMs) };
}
