/** Encodes holds for a snapshot: one array a hold, several hundred in a piece. */
import { storageLimits } from '../../base/limits.js';
import { isBytes, isInteger, isText } from '../../wire/shapes.js';
import type { HoldState } from '../../wire/trade.js';
import type { KeptHold } from './hold-slab.js';
import type { HoldTable } from './hold-table.js';

/** The fields of a KeptHold. */
export type SavedHold = readonly [
  serial: number,
  id: Uint8Array,
  customer: Uint8Array | null,
  state: HoldState,
  ttlSeconds: number,
  openedAt: number,
  openedWall: number,
  at: number,
  wallOrOrder: number,
  reference: string | null,
  /** Id, quantity and price in cents of each line, in one flat list. */
  lines: readonly number[],
];

const states: readonly unknown[] = ['open', 'confirmed', 'released', 'expired'];
const lineNumbers = 3;

export function* saveHolds(holds: HoldTable): Generator<readonly SavedHold[]> {
  let piece: SavedHold[] = [];
  for (const hold of holds.all()) {
    piece.push(saveHold(hold));
    if (piece.length < storageLimits.pieceHolds) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

export function saveHold(hold: KeptHold): SavedHold {
  const { serial, id, customer, state, ttlSeconds, openedAt, openedWall } = hold;
  const { at, wallOrOrder, reference, lines } = hold;
  return [
    ...([serial, id, customer ?? null, state, ttlSeconds, openedAt, openedWall] as const),
    ...([at, wallOrOrder, reference ?? null] as const),
    lines.flatMap((line) => [line.id, line.quantity, line.priceCents]),
  ];
}

export function loadHold(saved: SavedHold): KeptHold {
  const [serial, id, customer, state, ttlSeconds, openedAt, openedWall] = saved;
  const [, , , , , , , at, wallOrOrder, reference, flat] = saved;
  const lines: KeptHold['lines'][number][] = [];
  for (let place = 0; place < flat.length; place += lineNumbers) {
    const [product = 0, quantity = 0, priceCents = 0] = flat.slice(place, place + lineNumbers);
    lines.push({ id: product, quantity, priceCents });
  }
  return {
    ...{ serial, id, customer: customer ?? undefined, state, ttlSeconds, openedAt, openedWall },
    ...{ at, wallOrOrder, reference: reference ?? undefined, lines },
  };
}

export function isSavedHold(value: unknown): value is SavedHold {
  if (!Array.isArray(value) || value.length !== 11) return false;
  const [serial, id, customer, state, ...rest] = value as unknown[];
  const [numbers, [reference, lines]] = [rest.slice(0, 5), rest.slice(5)];
  return (
    isInteger(serial) &&
    isBytes(id, 16) &&
    (customer === null || isBytes(customer, 16)) &&
    states.includes(state) &&
    numbers.every((number) => typeof number === 'number') &&
    (reference === null || isText(reference)) &&
    Array.isArray(lines) &&
    lines.length % lineNumbers === 0 &&
    lines.every(isInteger)
  );
}
