/**
 * Encodes and decodes the row that says which state the tables show: the head of a catalog snapshot,
 * the oldest sale, cancellation and movement held, the ordinals of the keys, and which holds are forgotten.
 * Invariants: ordinals count the keys of a kind from 1 and are the same on each replica. Keys are dropped
 * oldest first, so the kept keys are an interval. Resolved holds are forgotten in the order of their end.
 */
import { BazarError } from '../../base/errors.js';
import type { KeptKeys, TableState } from '../../database/rows.js';
import { decode, encode } from '../../wire/codec.js';
import { isInteger, isRecord } from '../../wire/shapes.js';
import type { CatalogView } from '../machine/catalog-view.js';
import { isHead, type SavedHead } from '../machine/snapshot-shapes.js';
import { resolvedFrom } from './table-rows.js';

/** What a state row says. */
export interface TablesPosition {
  readonly appliedSeq: number;
  /** Undefined before the first write. */
  readonly head: SavedHead | undefined;
  /** The oldest sale that the state holds, or the next sale. */
  readonly firstSale: number;
  /** The same of cancellations. */
  readonly firstCancellation: number;
  readonly lastCancellation: number;
  readonly firstMovement: number;
  readonly lastMovement: number;
  /** First ordinal that exists, of each kind. */
  readonly kept: KeptKeys;
  /** Ordinal of the next key of each kind. */
  readonly next: KeptKeys;
  /** Resolved holds whose end is before this log time are forgotten; their rows may still exist. */
  readonly resolvedFrom: number;
}

const firstKeys: KeptKeys = { client: 1, frontend: 1, change: 1 };

/** A store without entries. */
export const founding: TablesPosition = {
  appliedSeq: 0,
  head: undefined,
  firstSale: 1,
  firstCancellation: 1,
  lastCancellation: 0,
  firstMovement: 1,
  lastMovement: 0,
  kept: firstKeys,
  next: firstKeys,
  resolvedFrom: 0,
};

export function writeState(view: CatalogView, kept: KeptKeys): TableState {
  const { head, firstSale, firstCancellation, firstMovement, holds } = view;
  const { lastCancellation = 0, lastMovement = 0 } = head;
  const from = holds.last > 0 ? { resolvedFrom: resolvedFrom(holds) } : {};
  const first = lastCancellation > 0 ? { firstCancellation } : {};
  const moved = lastMovement > 0 ? { firstMovement } : {};
  const bytes = encode({ ...head, firstSale, kept, ...from, ...first, ...moved });
  const ends = { lastOrder: head.lastSale, lastCancellation, lastMovement };
  return { appliedSeq: head.seq, ...ends, head: bytes };
}

/** Throws `internal` if the row contradicts itself. */
export function readState(state: TableState): TablesPosition {
  const { appliedSeq, lastOrder, lastCancellation, lastMovement, head: bytes } = state;
  if (bytes.length === 0 && appliedSeq === 0 && lastOrder === 0) return founding;
  const { firstSale, firstCancellation = 1, firstMovement = 1, kept, ...rest } = decodeHead(bytes);
  const { resolvedFrom: from = 0, ...head } = rest;
  if (!isInteger(firstSale) || !isInteger(firstCancellation) || !isInteger(firstMovement)) {
    throw damaged('the state row has no valid head');
  }
  if (!isHead(head) || !isKept(kept) || typeof from !== 'number') {
    throw damaged('the state row has no valid head');
  }
  if (head.seq !== appliedSeq || head.lastSale !== lastOrder) {
    throw damaged('applied_seq or last_order of the state row differs from its head');
  }
  if ((head.lastCancellation ?? 0) !== lastCancellation) {
    throw damaged('last_cancellation of the state row differs from its head');
  }
  if ((head.lastMovement ?? 0) !== lastMovement) {
    throw damaged('last_movement of the state row differs from its head');
  }
  const next = {
    client: kept.client + head.clientKeys,
    frontend: kept.frontend + head.frontendKeys,
    change: kept.change + (head.writeKeys ?? 0),
  };
  const first = { firstSale, firstCancellation, firstMovement };
  const last = { lastCancellation, lastMovement };
  return { appliedSeq, head, ...first, ...last, kept, next, resolvedFrom: from };
}

/** The tables are not as the catalog wrote them. */
export function damaged(what: string): BazarError {
  return new BazarError('internal', `the tables are damaged: ${what}`);
}

function decodeHead(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = decode(bytes);
    return isRecord(value) ? value : {};
  } catch {
    // Not MessagePack: the caller reports a head without its fields.
    return {};
  }
}

function isKept(value: unknown): value is KeptKeys {
  if (!isRecord(value)) return false;
  const { client, frontend, change } = value;
  return [client, frontend, change].every((ordinal) => isInteger(ordinal) && ordinal > 0);
}
