/**
 * The pieces of a catalog's snapshot, and checks of their shape: they may come from a file or from another
 * replica.
 */
import { type LimitFields, rulesVersion, type SalesMessage } from '../../wire/internal.js';
import { isInteger, isRecord, isText, isTuple } from '../../wire/shapes.js';
import { isSavedCancelled, type SavedCancelled } from './cancel-snapshot.js';
import { isSavedHold, type SavedHold } from './hold-snapshot.js';
import type { LeaseHolder } from './lease-holders.js';
import { isLimit, isSavedUse, type SavedUse } from './limit-snapshot.js';

/** A state under older rules is saved in the version that earlier builds can read. */
export const versions = {
  beforeRules: 2,
  withRules: 3,
  withCapacity: 4,
  withHolds: 5,
  withLedger: 6,
} as const;

/** The state without products, sales and keys. */
export interface CatalogHead {
  readonly seq: number;
  readonly logTime: number;
  readonly lastRestock: number;
  readonly isStocked: boolean;
  readonly stockedSoFar: number;
  readonly frontends: readonly LeaseHolder[];
  /** The version of the rules, and the log time at which rules 0 ended. */
  readonly rules: number;
  readonly rulesTime: number;
}

/** The head as a snapshot stores it. */
export interface SavedHead extends Omit<CatalogHead, 'rules' | 'rulesTime'> {
  readonly version: (typeof versions)[keyof typeof versions];
  readonly rules?: number;
  readonly rulesTime?: number;
  readonly writeKeys?: number;
  /** From rules 2 on: the capacity for clients' keys. */
  readonly clientKeysMax?: number;
  /** From rules 3 on. */
  readonly currency?: string;
  /** From rules 3 on: the serial number of the newest hold, and the number of those that follow. */
  readonly lastHold?: number;
  readonly holds?: number;
  /** From rules 3 on: the uses of purchase limits, and when they were last looked through. */
  readonly uses?: number;
  readonly usesCleanedAt?: number;
  /** From rules 3 on: the newest cancellation and the watermark, and the number of what follows. */
  readonly lastCancellation?: number;
  readonly cancellationCursor?: number;
  readonly cancellationRuns?: number;
  readonly cancelledOrders?: number;
  /** From rules 4 on: the newest movement of stock and the watermark, and the number of runs that follow. */
  readonly lastMovement?: number;
  readonly movementCursor?: number;
  readonly movementRuns?: number;
  readonly orderEpoch: number;
  /** Absent if no entry has bounded totals yet, and in snapshots of earlier builds. */
  readonly boundsTotals?: boolean;
  readonly lastSale: number;
  readonly cursor: number;
  /** Number of records of each kind that follow. */
  readonly products: number;
  readonly runs: number;
  readonly clientKeys: number;
  readonly frontendKeys: number;
}

/** Fields that a head has only from some version of the rules on. */
export type RulesField =
  | 'rules'
  | 'rulesTime'
  | 'writeKeys'
  | 'clientKeysMax'
  | 'lastHold'
  | 'holds'
  | 'currency'
  | 'uses'
  | 'usesCleanedAt'
  | 'lastCancellation'
  | 'cancellationCursor'
  | 'cancellationRuns'
  | 'cancelledOrders'
  | 'lastMovement'
  | 'movementCursor'
  | 'movementRuns';

export type SavedProduct = readonly [
  id: number,
  name: string,
  topic: string,
  priceCents: number,
  stock: number,
  version: number,
  received: number,
  sold: number,
  removed: boolean,
  /** Absent if the product has no restock target; null if it has none and the next fields follow. */
  restockTo?: number | null,
  /** From rules 3 on. */
  reserved?: number,
  returned?: number,
  /** Null if the product has none. */
  limit?: LimitFields | null,
];

/** A piece before it is encoded. */
export type Piece =
  | readonly ['head', SavedHead]
  | readonly ['products', readonly SavedProduct[]]
  | readonly ['sales' | 'cancellations' | 'movements', ...SalesMessage]
  | readonly ['client keys' | 'frontend keys' | 'write keys', Uint8Array]
  | readonly ['holds', readonly SavedHold[]]
  | readonly ['uses', readonly SavedUse[]]
  | readonly ['cancelled', readonly SavedCancelled[]];

const wholeFields = [
  ...['seq', 'orderEpoch', 'lastRestock', 'stockedSoFar', 'lastSale', 'cursor'],
  ...['products', 'runs', 'clientKeys', 'frontendKeys'],
] as const;

export function isPiece(value: unknown): value is Piece {
  if (!Array.isArray(value)) return false;
  const [kind, first, second, third] = value as unknown[];
  switch (kind) {
    case 'head':
      return isHead(first);
    case 'products':
      return Array.isArray(first) && first.every(isSavedProduct);
    case 'sales':
    case 'cancellations':
    case 'movements':
      return isInteger(first) && isInteger(second) && third instanceof Uint8Array;
    case 'client keys':
    case 'frontend keys':
    case 'write keys':
      return first instanceof Uint8Array;
    case 'holds':
      return Array.isArray(first) && first.every(isSavedHold);
    case 'uses':
      return Array.isArray(first) && first.every(isSavedUse);
    case 'cancelled':
      return Array.isArray(first) && first.every(isSavedCancelled);
    default:
      return false;
  }
}

export function isHead(value: unknown): value is SavedHead {
  return (
    isRecord(value) &&
    hasVersion(value) &&
    typeof value['logTime'] === 'number' &&
    typeof value['isStocked'] === 'boolean' &&
    Array.isArray(value['frontends']) &&
    value['frontends'].every(isRegistered) &&
    wholeFields.every((field) => isInteger(value[field]))
  );
}

function hasVersion(head: Record<string, unknown>): boolean {
  const { version, rules, rulesTime, writeKeys, clientKeysMax } = head;
  const { currency, lastHold, holds, uses, usesCleanedAt } = head;
  if (version === versions.beforeRules) return rules === undefined;
  if (!isInteger(rules) || rules < 1 || rules > rulesVersion) return false;
  if (!isInteger(writeKeys) || typeof rulesTime !== 'number') return false;
  if (version === versions.withRules) return rules === 1;
  if (rules < 2 || !isInteger(clientKeysMax)) return false;
  if (version === versions.withCapacity) return rules === 2;
  const { lastCancellation = 0, cancellationCursor = 0 } = head;
  const { cancellationRuns = 0, cancelledOrders = 0 } = head;
  const cancels = [lastCancellation, cancellationCursor, cancellationRuns, cancelledOrders];
  const held =
    [lastHold, holds, uses, ...cancels].every(isInteger) && typeof usesCleanedAt === 'number';
  if (!isText(currency) || !held) return false;
  if (version === versions.withHolds) return rules === 3;
  const { lastMovement, movementCursor, movementRuns } = head;
  const moved = [lastMovement, movementCursor, movementRuns].every(isInteger);
  return version === versions.withLedger && rules > 3 && moved;
}

function isRegistered(value: unknown): boolean {
  return isTuple(value, 2) && value.every(isText);
}

function isSavedProduct(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 9 || value.length > 13) return false;
  const [id, name, topic, ...rest] = value as unknown[];
  const [numbers, more] = [rest.slice(0, 5), rest.slice(5)];
  const [removed, restockTo, reserved = 0, returned = 0, limit = null] = more;
  const texts = isText(name) && isText(topic);
  return (
    isInteger(id) &&
    texts &&
    numbers.every(isInteger) &&
    isInteger(restockTo ?? 0) &&
    isInteger(reserved) &&
    isInteger(returned) &&
    (limit === null || isLimit(limit)) &&
    typeof removed === 'boolean'
  );
}
