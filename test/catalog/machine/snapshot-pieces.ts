/** The pieces of a catalog snapshot, read and written again with changes. */
import { purchaseLimits } from '../../../src/base/limits.js';
import type { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { decode, encode } from '../../../src/wire/codec.js';

export type Head = Record<string, unknown>;
export type Piece = [kind: string, first: unknown, ...rest: unknown[]];

export function readPieces(pieces: Iterable<Uint8Array>): Piece[] {
  return [...pieces].map((piece) => decode(piece) as Piece);
}

export function writePieces(pieces: readonly unknown[]): Uint8Array[] {
  return pieces.map((piece) => encode(piece));
}

export function headOf(machine: CatalogMachine): Head {
  return readPieces(machine.snapshot())[0]?.[1] as Head;
}

export function withHead(pieces: readonly Piece[], changes: Head): Piece[] {
  return pieces.map((piece): Piece => {
    return piece[0] === 'head' ? ['head', { ...(piece[1] as Head), ...changes }] : piece;
  });
}

/** The same state without its purchase keys. */
export function withoutKeys(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const kept = readPieces(pieces).filter(([kind]) => !kind.endsWith(' keys'));
  return writePieces(withHead(kept, { clientKeys: 0, frontendKeys: 0 }));
}

/** The same state with the capacity of a store that has logged none. */
export function withoutCapacity(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const found = readPieces(pieces);
  const head = found[0]?.[1] as Head;
  if (head['clientKeysMax'] === undefined) return writePieces(found);
  return writePieces(withHead(found, { clientKeysMax: purchaseLimits.clientKeysMax }));
}

/** The same state without the processes that may hold leases. */
export function withoutLeaseHolders(pieces: Iterable<Uint8Array>): Uint8Array[] {
  return writePieces(withHead(readPieces(pieces), { frontends: [] }));
}

/** The same state without the references of its holds. */
export function withoutReferences(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const found = readPieces(pieces).map((piece): Piece => {
    if (piece[0] !== 'holds') return piece;
    const holds = piece[1] as unknown[][];
    return ['holds', holds.map((hold) => hold.map((field, at) => (at === 9 ? null : field)))];
  });
  return writePieces(found);
}

/** The same state without what counts for purchase limits. */
export function withoutUses(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const found = readPieces(pieces);
  const head = found[0]?.[1] as Head | undefined;
  if (head?.['uses'] === undefined) return writePieces(found);
  const kept = found.filter(([kind]) => kind !== 'uses');
  return writePieces(withHead(kept, { uses: 0 }));
}

/** The same state without what is cancelled of each order. */
export function withoutCancelled(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const found = readPieces(pieces);
  const head = found[0]?.[1] as Head | undefined;
  if (head?.['cancelledOrders'] === undefined) return writePieces(found);
  const kept = found.filter(([kind]) => kind !== 'cancelled');
  return writePieces(withHead(kept, { cancelledOrders: 0 }));
}

export function withoutMovements(pieces: Iterable<Uint8Array>): Uint8Array[] {
  const found = readPieces(pieces);
  const head = found[0]?.[1] as Head | undefined;
  const last = head?.['lastMovement'];
  if (last === undefined) return writePieces(found);
  const kept = found.filter(([kind]) => kind !== 'movements');
  return writePieces(withHead(kept, { movementRuns: 0, movementCursor: last }));
}
