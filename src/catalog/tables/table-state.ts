/**
 * Encodes and decodes the row that says which state the tables show: the head of a catalog snapshot,
 * the oldest sale held, and the ordinals of the keys. Invariant: ordinals count the keys of a kind from 1, are the same on
 * each replica, and keys are dropped oldest first; so the kept keys are an interval.
 */
import { BazarError } from '../../base/errors.js';
import type { KeptKeys, TableState } from '../../database/rows.js';
import { decode, encode } from '../../wire/codec.js';
import { isInteger, isRecord } from '../../wire/shapes.js';
import type { CatalogView } from '../machine/catalog-view.js';
import type { SavedHead } from '../machine/snapshot-shapes.js';
import { isHead } from '../machine/snapshot-shapes.js';

/** What a state row says. */
export interface TablesPosition {
  readonly appliedSeq: number;
  /** Undefined before the first write. */
  readonly head: SavedHead | undefined;
  /** The oldest sale that the state holds, or the next sale. */
  readonly firstSale: number;
  /** First ordinal that exists, of each kind. */
  readonly kept: KeptKeys;
  /** Ordinal of the next key of each kind. */
  readonly next: KeptKeys;
}

const firstKeys: KeptKeys = { client: 1, frontend: 1, change: 1 };

/** A store without entries. */
export const founding: TablesPosition = {
  appliedSeq: 0,
  head: undefined,
  firstSale: 1,
  kept: firstKeys,
  next: firstKeys,
};

export function writeState({ head, firstSale }: CatalogView, kept: KeptKeys): TableState {
  const bytes = encode({ ...head, firstSale, kept });
  return { appliedSeq: head.seq, lastOrder: head.lastSale, head: bytes };
}

/** Throws `internal` if the row contradicts itself. */
export function readState({ appliedSeq, lastOrder, head: bytes }: TableState): TablesPosition {
  if (bytes.length === 0 && appliedSeq === 0 && lastOrder === 0) return founding;
  const { firstSale, kept, ...head } = decodeHead(bytes);
  if (!isHead(head) || !isInteger(firstSale) || !isKept(kept)) {
    throw damaged('the state row has no valid head');
  }
  if (head.seq !== appliedSeq || head.lastSale !== lastOrder) {
    throw damaged('applied_seq or last_order of the state row differs from its head');
  }
  const next = {
    client: kept.client + head.clientKeys,
    frontend: kept.frontend + head.frontendKeys,
    change: kept.change + (head.writeKeys ?? 0),
  };
  return { appliedSeq, head, firstSale, kept, next };
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
