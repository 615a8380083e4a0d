/**
 * The moves of each product that holds, cancellations and adjustments make. A hold is one act on each of
 * its products, and so is its end. A hold may expire at any moment from its promised end on, while nothing
 * else has ended it; no client's operation is needed for that. Pure.
 */
import { addUp } from './book.js';
import type { KnownHold } from './hold-book.js';
import { type Move, timesOf } from './move.js';
import type { Act } from './register.js';
import type { Adjustment, Cancellation, LineWanted, Operation } from './types.js';

type MoveOfItem = readonly [id: number, move: Move];

export function tradeMoves(
  operations: readonly Operation[],
  holds: readonly KnownHold[],
): MoveOfItem[] {
  return [
    ...holds.flatMap(movesOfHold),
    ...operations.flatMap((one) => {
      if (one.kind === 'cancel') return movesOfCancellation(one);
      return one.kind === 'adjust' ? movesOfAdjustment(one) : [];
    }),
  ];
}

/** A confirmation of the hold: what is not sold of a product is given back. */
export function confirmActs(
  { name, lines }: KnownHold,
  sold: readonly LineWanted[],
  number: number | undefined,
): (readonly [id: number, act: Act])[] {
  return lines.map(({ id, quantity }) => {
    const units = sold.find((line) => line.id === id)?.quantity ?? 0;
    return [id, { kind: 'confirm', hold: name, sold: units, rest: quantity - units, number }];
  });
}

function movesOfHold(hold: KnownHold): MoveOfItem[] {
  const { name, opening, lines, endsMs, releases, confirmations, end } = hold;
  const acts = (place: Omit<Move, 'act'>, actOf: (line: KnownHold['lines'][number]) => Act) =>
    lines.map((line): MoveOfItem => [line.id, { ...place, act: actOf(line) }]);
  const frees = (place: Omit<Move, 'act'>, isOnly: boolean): MoveOfItem[] =>
    acts(place, ({ quantity }) => ({ kind: 'free', hold: name, quantity, isOnly }));
  const opened = acts({ ...timesOf(opening), operation: opening }, ({ quantity, priceCents }) => ({
    kind: 'reserve',
    hold: name,
    quantity,
    priceCents,
  }));
  const mayRelease = end === undefined || end === 'released';
  const released = (mayRelease ? releases : []).flatMap((operation) => {
    return frees({ ...timesOf(operation), operation }, false);
  });
  if (end === 'confirmed' || end === 'released') return [...opened, ...released];
  const isOnly = end === 'expired' || (releases.length === 0 && confirmations.length === 0);
  const times = { invokedMs: endsMs, returnedMs: Number.POSITIVE_INFINITY };
  return [...opened, ...released, ...frees({ ...times, operation: opening }, isOnly)];
}

function movesOfCancellation(operation: Cancellation): MoveOfItem[] {
  const { restock, lines: wanted, result } = operation;
  if (!restock || result === 'conflict') return [];
  return addUp(result?.lines ?? wanted ?? []).map(({ id, quantity }) => {
    return [id, { ...timesOf(operation), operation, act: { kind: 'return', quantity } }];
  });
}

function movesOfAdjustment(operation: Adjustment): MoveOfItem[] {
  const { id, delta, count, result } = operation;
  const place = { ...timesOf(operation), operation };
  if (result === 'not_found') return [[id, { ...place, sight: { kind: 'absent' } }]];
  if (result !== 'conflict')
    return [[id, { ...place, act: { kind: 'adjust', delta, count, result } }]];
  // Reserved units cannot be taken away.
  if (delta === undefined) return [];
  return [[id, { ...place, sight: { kind: 'short', wanted: -delta, available: undefined } }]];
}
