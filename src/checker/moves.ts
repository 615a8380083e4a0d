/**
 * The moves of each product in a history: the sights of it and the acts on it, with their times. A
 * purchase of several products is one act on each of them, and a search is a sight of each product
 * found. The order of the sales links them (docs/CHECKERS.md). Pure.
 */
import { addUp, type Book, type Sale } from './book.js';
import type { KnownHold } from './hold-book.js';
import { type Move, timesOf } from './move.js';
import { type Act, nowhere, type Register, registerOf } from './register.js';
import { confirmActs, tradeMoves } from './trade-moves.js';
import type {
  Addition,
  Change,
  History,
  Hold,
  Operation,
  Purchase,
  Removal,
  Seen,
} from './types.js';

export interface ItemHistory {
  readonly id: number;
  readonly first: Register;
  readonly moves: readonly Move[];
}

/** `holds`: all that the history has. */
export function movesByItem(
  history: History,
  book: Book,
  holds: readonly KnownHold[],
): ItemHistory[] {
  const items = new Map<number, { first: Register; moves: Move[] }>();
  const at = (id: number): Move[] => {
    const item = items.get(id) ?? { first: nowhere, moves: [] };
    items.set(id, item);
    return item.moves;
  };
  for (const seen of history.first) items.set(seen.id, { first: registerOf(seen), moves: [] });
  for (const operation of history.operations) {
    for (const [id, move] of movesOf(operation)) at(id).push(move);
  }
  for (const [id, move] of tradeMoves(history.operations, holds)) at(id).push(move);
  const holdOf = new Map(holds.map((hold) => [hold.name, hold]));
  for (const { number, lines, invokedMs, returnedMs, hold, operation } of book.sales) {
    for (const [id, act] of actsOfSale(holdOf.get(hold ?? ''), lines, number)) {
      at(id).push({ invokedMs, returnedMs, act, operation });
    }
  }
  for (const purchase of book.open) {
    const lines = addUp(purchase.lines).map((line) => ({ ...line, priceCents: undefined }));
    for (const [id, act] of actsOfSale(holdOf.get(purchase.hold ?? ''), lines, undefined)) {
      at(id).push({ ...timesOf(purchase), act, operation: purchase });
    }
  }
  for (const one of [...book.refused, ...history.operations.filter((one) => one.kind === 'hold')]) {
    const refusal = refusalOf(one);
    if (refusal) at(refusal[0]).push(refusal[1]);
  }
  return [...items].map(([id, { first, moves }]) => ({ id, first, moves }));
}

/** `held`: the hold that is confirmed, if it is a confirmation. */
function actsOfSale(
  held: KnownHold | undefined,
  lines: Sale['lines'],
  number: number | undefined,
): (readonly [id: number, act: Act])[] {
  if (held) return confirmActs(held, lines, number);
  return lines.map(({ id, quantity, priceCents }) => {
    return [id, { kind: 'sale', quantity, priceCents, number }];
  });
}

function refusalOf(purchase: Purchase | Hold): [number, Move] | undefined {
  const { result, lines } = purchase;
  const place = { ...timesOf(purchase), operation: purchase };
  if (result === undefined || 'sold' in result || 'held' in result) return undefined;
  if ('missing' in result) return [result.missing, { ...place, sight: { kind: 'absent' } }];
  const { refused: id, available } = result;
  const wanted = addUp(lines).find((line) => line.id === id)?.quantity ?? 0;
  return [id, { ...place, sight: { kind: 'short', wanted, available } }];
}

/** The book adds purchases and orders. */
function movesOf(operation: Operation): [number, Move][] {
  if (operation.ending === 'failed') return [];
  const place = { ...timesOf(operation), operation };
  const seen = (record: Seen): [number, Move] => {
    return [record.id, { ...place, sight: { kind: 'seen', seen: record } }];
  };
  switch (operation.kind) {
    case 'look-up':
      if (operation.result === undefined) return [];
      if (operation.result !== 'not_found') return [seen(operation.result)];
      return [[operation.id, { ...place, sight: { kind: 'absent' } }]];
    case 'search':
      return (operation.result ?? []).map(seen);
    case 'change':
    case 'remove': {
      const { id, result } = operation;
      if (result === 'not_found') return [[id, { ...place, sight: { kind: 'absent' } }]];
      if (result && 'conflict' in result) return [seen(result.conflict)];
      return [[id, { ...place, act: actOf(operation, result) }]];
    }
    case 'add':
      // The conflict may be with another product of the same name.
      if (operation.result === 'conflict') return [];
      return [[operation.id, { ...place, act: addedOf(operation) }]];
    default:
      return [];
  }
}

function actOf(operation: Change | Removal, result: Seen | undefined): Act {
  if (operation.kind === 'remove') {
    return { kind: 'remove', version: result?.version ?? operation.ifVersion };
  }
  const { quantity: set, add, priceCents, topic, ifVersion } = operation;
  return { kind: 'change', set, add, priceCents, topic: topic !== undefined, ifVersion, result };
}

function addedOf({ quantity: stock, priceCents }: Addition): Act {
  return { kind: 'add', stock, priceCents };
}
