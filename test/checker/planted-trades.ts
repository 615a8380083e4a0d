/** Violations of holds, cancellations and adjustments, as in planted.ts. */
import type {
  Adjustment,
  Cancellation,
  Confirmation,
  History,
  Hold,
  Operation,
} from '../../src/checker/types.js';
import { added, atEnd, type Plant, replaced } from './planted.js';

type Of<O extends Operation, Field extends string> = Omit<O, 'result'> & {
  readonly result: Extract<O['result'], Readonly<Record<Field, unknown>>>;
};

export const tradePlants: Readonly<Record<string, Plant>> = {
  'a hold of more than there was': (history) => {
    const [first] = held(history);
    const large = <L extends { readonly quantity: number }>(line: L): L => {
      return { ...line, quantity: line.quantity + 1_000_000 };
    };
    if (!first || history.operations.some((one) => isOf(one, first.result.held))) return undefined;
    const lines = first.result.lines.map(large);
    const totalCents = lines.reduce((sum, one) => sum + one.quantity * one.priceCents, 0);
    const result = { ...first.result, lines, totalCents };
    return replaced(history, first, { ...first, lines, result });
  },
  'a hold under one key with two ids': (history) => {
    const [first] = held(history);
    const result = first && { ...first.result, held: 'another hold' };
    return first && result && added(history, { ...first, ...atEnd(history), result });
  },
  'a hold that is released twice': (history) => {
    const first = history.operations.find((one) => one.kind === 'release' && one.result === 'done');
    const { key: _key, ...release } = first?.kind === 'release' ? first : { key: undefined };
    return first && added(history, { ...(release as typeof first), ...atEnd(history) });
  },
  'a hold that is confirmed and then released': (history) => {
    const [first] = confirmed(history);
    const release = { kind: 'release', result: 'done' } as const;
    return first && added(history, { ...atEnd(history), ...release, hold: first.hold });
  },
  'a hold that is confirmed twice': (history) => {
    const [first] = confirmed(history);
    const { key: _key, ...rest } = first ?? { key: undefined };
    const result = first && { ...first.result, sold: 1 + lastOrder(history) };
    return first && result && added(history, { ...first, ...rest, ...atEnd(history), result });
  },
  'a confirmation after the hold had expired': (history) => {
    const expired = history.operations.find((one) => {
      return typeof one.result === 'object' && 'ended' in one.result && isExpired(one);
    });
    const name = expired && 'hold' in expired ? expired.hold : undefined;
    const hold = held(history).find(({ result }) => result.held === name);
    if (!hold) return undefined;
    const result = { sold: 1 + lastOrder(history), totalCents: hold.result.totalCents };
    return added(history, { ...atEnd(history), kind: 'confirm', hold: hold.result.held, result });
  },
  'a hold that expires before its time': (history) => {
    const early = held(history).find((one) => {
      return (
        one.returnedMs < one.endsMs && !history.operations.some((two) => isOf(two, one.result.held))
      );
    });
    if (!early) return undefined;
    const times = { process: 'early', invokedMs: early.returnedMs, returnedMs: early.returnedMs };
    const answer = { ending: 'ok', result: { ended: 'expired' } } as const;
    return added(history, { ...times, ...answer, kind: 'release', hold: early.result.held });
  },
  'a confirmation for another price': (history) => {
    const [first] = confirmed(history);
    const result = first && { ...first.result, totalCents: first.result.totalCents + 1 };
    return first && result && replaced(history, first, { ...first, result });
  },
  'a confirmation of more than was held': (history) => {
    const [first] = confirmed(history);
    const hold = held(history).find(({ result }) => result.held === first?.hold);
    const lines = hold?.result.lines.map(({ id, quantity }) => ({ id, quantity: quantity + 1 }));
    return first && lines && replaced(history, first, { ...first, lines });
  },
  'a cancellation under one key with two numbers': (history) => {
    const [first] = cancelled(history);
    const result = first && { ...first.result, cancelled: 1 + lastCancellation(history) };
    return first && result && added(history, { ...first, ...atEnd(history), result });
  },
  'a cancellation of more than was bought': (history) => {
    // All that was left is cancelled, and then again.
    const first = cancelled(history).find(({ lines }) => lines === undefined);
    const { key: _key, ...rest } = first ?? { key: undefined };
    const result = first && { ...first.result, cancelled: 1 + lastCancellation(history) };
    return first && result && added(history, { ...first, ...rest, ...atEnd(history), result });
  },
  'a gap in the cancellations': (history) => {
    const last = cancelled(history).find(({ result }) => {
      return result.cancelled === lastCancellation(history) && result.cancelled > 1;
    });
    const result = last && { ...last.result, cancelled: last.result.cancelled + 100 };
    return last && result && replaced(history, last, { ...last, result });
  },
  'an order that does not show what was cancelled of it (C6)': (history) => {
    for (const { number } of cancelled(history)) {
      const read = history.operations.find((one) => one.kind === 'order' && one.number === number);
      if (read?.kind !== 'order' || typeof read.result !== 'object') continue;
      const lines = read.result.lines.map(({ cancelled: _cancelled, ...line }) => line);
      return added(history, { ...read, ...atEnd(history), result: { ...read.result, lines } });
    }
    return undefined;
  },
  'an adjustment with a stock that never was': (history) => {
    const first = history.operations.find((one): one is Of<Adjustment, 'delta'> => {
      return one.kind === 'adjust' && one.ending === 'ok' && typeof one.result === 'object';
    });
    const result = first && { ...first.result, quantity: first.result.quantity + 1 };
    return first && result && replaced(history, first, { ...first, result });
  },
};

function held({ operations }: History): Of<Hold, 'held'>[] {
  return operations.filter((one): one is Of<Hold, 'held'> => {
    return one.kind === 'hold' && one.result !== undefined && 'held' in one.result;
  });
}

function confirmed({ operations }: History): Of<Confirmation, 'sold'>[] {
  return operations.filter((one): one is Of<Confirmation, 'sold'> => {
    return one.kind === 'confirm' && typeof one.result === 'object' && 'sold' in one.result;
  });
}

function cancelled({ operations }: History): Of<Cancellation, 'cancelled'>[] {
  return operations.filter((one): one is Of<Cancellation, 'cancelled'> => {
    return one.kind === 'cancel' && typeof one.result === 'object';
  });
}

function lastCancellation(history: History): number {
  return Math.max(0, ...cancelled(history).map(({ result }) => result.cancelled));
}

function lastOrder({ operations }: History): number {
  const numbers = operations.map(({ result }) => {
    return typeof result === 'object' && 'sold' in result ? result.sold : 0;
  });
  return Math.max(0, ...numbers);
}

function isOf(one: Operation, name: string): boolean {
  return 'hold' in one && one.hold === name;
}

function isExpired({ result }: Operation): boolean {
  return typeof result === 'object' && 'ended' in result && result.ended === 'expired';
}
