/**
 * Violations, one of each kind, planted into a history that is true: each returns what customers
 * would have recorded then, or undefined where this history has no place for it. What is planted is
 * never excusable: no other order explains it.
 */
import type { History, LookUp, Operation, Purchase, Seen } from '../../src/checker/types.js';

export type Plant = (history: History) => History | undefined;
type Sold = Omit<Purchase, 'result'> & {
  readonly result: { readonly sold: number; readonly totalCents: number };
};
type Found = Omit<LookUp, 'result'> & { readonly result: Seen };

export const plants: Readonly<Record<string, Plant>> = {
  /** The same, whether one customer or two looked. */
  'an old version after somebody was told a newer one (A12, A18)': (history) => {
    for (const late of found(history)) {
      const others = found(history).filter((one) => sameItem(one, late));
      const told = others.filter((one) => isBefore(one, late)).map(({ result }) => result.version);
      const older = others.find((one) => one.result.version < Math.max(0, ...told));
      if (older) return replaced(history, late, { ...late, result: older.result });
    }
    return undefined;
  },
  'an old version after a purchase was answered (A13)': (history) => {
    for (const late of found(history)) {
      const sale = sold(history).find((one) => isBefore(one, late) && has(one, late.id));
      const older =
        sale && found(history).find((one) => sameItem(one, late) && isBefore(one, sale));
      if (older) return replaced(history, late, { ...late, result: older.result });
    }
    return undefined;
  },
  'a stock that never was': (history) => {
    const [late] = found(history).slice(-1);
    const result = late && { ...late.result, quantity: late.result.quantity + 1 };
    return late && result && replaced(history, late, { ...late, result });
  },
  'a price that never was': (history) => {
    const [late] = found(history).slice(-1);
    const result = late && { ...late.result, priceCents: late.result.priceCents + 1 };
    return late && result && replaced(history, late, { ...late, result });
  },
  'a purchase that was answered and then lost': (history) => {
    // Later looks find the product as if it had not happened.
    for (const sale of sold(history)) {
      const later = found(history).filter((one) => isBefore(sale, one) && has(sale, one.id));
      const [only] = sale.lines;
      if (!later.some((one) => isSure(history, one)) || !only || sale.lines.length > 1) continue;
      return mapped(history, (one) => {
        if (one.kind !== 'look-up' || !later.includes(one as Found)) return one;
        const { result } = one as Found;
        const quantity = result.quantity + only.quantity;
        return { ...one, result: { ...result, version: result.version - 1, quantity } };
      });
    }
    return undefined;
  },
  'a sale that nobody made': (history) => {
    for (const sale of sold(history)) {
      const { result } = sale;
      const later = found(history).filter((one) => isBefore(sale, one) && has(sale, one.id));
      if (!later.some((one) => isSure(history, one))) continue;
      const operations = history.operations.filter((one) => {
        return one !== sale && !isOf(one, result.sold);
      });
      return {
        ...history,
        operations: operations.map((one) => earlier(one, result.sold)),
      };
    }
    return undefined;
  },
  'an order that nobody placed': (history) => {
    const number = 1 + Math.max(0, ...sold(history).map(({ result }) => result.sold));
    const result = { lines: [{ id: 1, quantity: 987, priceCents: 1 }], totalCents: 987 };
    return added(history, { ...atEnd(history), kind: 'order', number, result });
  },
  'an order that is given twice': (history) => {
    const [first, second] = sold(history);
    return first && second && replaced(history, second, { ...second, result: first.result });
  },
  'a purchase that is sold twice under its key': (history) => {
    const [first] = sold(history);
    const number = 1 + Math.max(0, ...sold(history).map(({ result }) => result.sold));
    return (
      first &&
      added(history, { ...first, ...atEnd(history), result: { ...first.result, sold: number } })
    );
  },
  'a purchase that is refused, and sold when it is tried again (A24)': (history) => {
    const [first] = sold(history);
    const result = { refused: first?.lines[0]?.id ?? 0, available: 0 };
    return first && added(history, { ...first, ...atEnd(history), result });
  },
  'more sold than there was': (history) => {
    const [first] = sold(history);
    const lines = first?.lines.map((line) => ({ ...line, quantity: line.quantity + 1_000_000 }));
    return first && lines && replaced(history, first, { ...first, lines });
  },
  'a refusal while there was enough': (history) => {
    const [first] = sold(history);
    const id = first?.lines[0]?.id;
    if (!first || id === undefined) return undefined;
    return added(history, {
      ...atEnd(history),
      kind: 'purchase',
      lines: [{ id, quantity: 1 }],
      result: { refused: id, available: 500_000 },
    });
  },
  'an order that is not found after it was answered': (history) => {
    const [first] = sold(history);
    return (
      first &&
      added(history, {
        ...atEnd(history),
        kind: 'order',
        number: first.result.sold,
        result: 'not_found',
      })
    );
  },
  'an order that reads back as another one': (history) => {
    const [first] = sold(history);
    const result = { lines: [{ id: 1, quantity: 77, priceCents: 1 }], totalCents: 77 };
    return (
      first &&
      added(history, { ...atEnd(history), kind: 'order', number: first.result.sold, result })
    );
  },
  'a gap in the orders': (history) => {
    const numbers = sold(history).map(({ result }) => result.sold);
    const last = Math.max(0, ...numbers);
    if (numbers.length < 2) return undefined;
    return mapped(history, (one) => {
      if (one.kind === 'order' && one.number === last) return { ...one, number: last + 100 };
      if (!isSold(one) || one.result.sold !== last) return one;
      return { ...one, result: { ...one.result, sold: last + 100 } };
    });
  },
  'an earlier purchase with a later number': (history) => {
    const all = sold(history);
    for (const late of all) {
      const early = all.find((one) => isBefore(one, late));
      if (!early || isRead(history, early.result.sold) || isRead(history, late.result.sold))
        continue;
      return mapped(history, (one) => {
        if (one === early) return { ...early, result: { ...early.result, sold: late.result.sold } };
        if (one === late) return { ...late, result: { ...late.result, sold: early.result.sold } };
        return one;
      });
    }
    return undefined;
  },
};

function found({ operations }: History): Found[] {
  return operations.filter(
    (one): one is Found => one.kind === 'look-up' && typeof one.result === 'object',
  );
}

function sold({ operations }: History): Sold[] {
  return operations.filter((one): one is Sold => isSold(one));
}

function isSold(one: Operation): one is Sold {
  return (
    one.kind === 'purchase' &&
    one.ending === 'ok' &&
    typeof one.result === 'object' &&
    'sold' in one.result
  );
}

function isOf(one: Operation, number: number): boolean {
  return one.kind === 'order' && one.number === number;
}

function isRead({ operations }: History, number: number): boolean {
  return operations.some((one) => isOf(one, number));
}

/** All sales are before it or after it, and nothing else changes: its version counts the sales. */
function isSure(history: History, look: Found): boolean {
  const isElse = history.operations.some((one) => one.kind === 'change' && one.id === look.id);
  const sales = sold(history).filter((one) => has(one, look.id));
  return !isElse && sales.every((one) => isBefore(one, look) || isBefore(look, one));
}

/** The number before, from this one on: no gap gives the missing one away. */
function earlier(one: Operation, from: number): Operation {
  if (one.kind === 'order' && one.number > from) return { ...one, number: one.number - 1 };
  if (!isSold(one) || one.result.sold <= from) return one;
  return { ...one, result: { ...one.result, sold: one.result.sold - 1 } };
}

function isBefore(early: Operation, late: Operation): boolean {
  return early.returnedMs < late.invokedMs;
}

function sameItem(a: Found, b: Found): boolean {
  return a.id === b.id;
}

function has({ lines }: Purchase, id: number): boolean {
  return lines.some((line) => line.id === id);
}

export function atEnd({ operations }: History) {
  const lastMs = Math.max(...operations.map(({ returnedMs }) => returnedMs));
  return { process: 'last', invokedMs: lastMs + 1, returnedMs: lastMs + 2, ending: 'ok' } as const;
}

export function added(history: History, operation: Operation): History {
  return { ...history, operations: [...history.operations, operation] };
}

export function replaced(history: History, old: Operation, now: Operation): History {
  return mapped(history, (one) => (one === old ? now : one));
}

function mapped(history: History, change: (one: Operation) => Operation): History {
  return { ...history, operations: history.operations.map(change) };
}
