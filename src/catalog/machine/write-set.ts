/**
 * Computes the write set of a command: the items that it may change. The caches get it
 * while the command is replicated (docs/PROTOCOL.md, R8). It may over-approximate. `touchedBy` does
 * not consider earlier undecided commands; `withUndecided` adds what a command can reach through
 * them.
 */
import { unknownCommand } from '../../consensus/unknown-command.js';
import {
  anyTopic,
  type CatalogCommand,
  type NewProduct,
  type ProductChange,
  type PurchaseLine,
  unusedIds,
} from '../../wire/internal.js';
import type { HoldId, TradeOperation } from '../../wire/trade.js';
import type { HoldTable } from './hold-table.js';
import type { Products } from './products.js';
import { resolve } from './purchases.js';

/** What an undecided command may change. */
export interface WriteSet {
  /** Ids of products; `unusedIds` stands for all ids that were never used. */
  readonly ids: readonly number[];
  /** Names that a product gets or loses. */
  readonly changedNames: readonly string[];
  /** Names of products whose records may change. The names themselves stay with their products. */
  readonly stableNames: readonly string[];
  /** Topics whose lists may change; `anyTopic` stands for the lists found by text alone. */
  readonly topics: readonly string[];
  /** True if every item may change. */
  readonly all?: boolean;
  /** True if the command names a hold that an undecided command may open (docs/STOCK.md, H9). */
  readonly ofUndecided?: boolean;
}

const none: readonly never[] = [];
const nothing: WriteSet = { ids: none, changedNames: none, stableNames: none, topics: none };
const everything: WriteSet = { ...nothing, all: true };
/** Commands whose write set depends on the current state. */
export const restsOnState: ReadonlySet<CatalogCommand[0]> = new Set([
  'restock',
  'add',
  'update',
  'remove',
  'adjust',
  'keyed',
  'rules',
  'trade',
  'expire',
]);

export function touchedBy(products: Products, command: CatalogCommand, holds: HoldTable): WriteSet {
  switch (command[0]) {
    case 'sell':
      return touchedByLines(
        products,
        command[3].map(([, , , lines]) => lines),
      );
    case 'trade':
      return touchedByTrade(products, command[3], holds);
    case 'expire':
      return { ...nothing, ids: command[1].flatMap((serial) => holds.productsOf(serial)) };
    case 'update':
      return touchedByUpdate(products, command[1], command[2]);
    case 'adjust':
      return touchedByUpdate(products, command[1], {});
    case 'remove':
      return touchedByRemoval(products, command[1]);
    case 'add':
      return touchedByNew(products, [command[1]]);
    case 'keyed':
      return touchedBy(products, command[4], holds);
    case 'stock':
      return touchedByNew(products, command[1]);
    case 'restock':
      return { ...nothing, ids: products.restockable(command[2] ?? 0) };
    case 'rules':
      return everything;
    case 'cursor':
    case 'register':
    case 'deregister':
    case 'audit':
    case 'capacity':
      return nothing;
    default:
      return unknownCommand('catalog', command);
  }
}

/**
 * The write set of purchases and holds. Includes each name in addition to the id that it has now: the name
 * may belong to another product when the sale is decided.
 */
function touchedByLines(products: Products, wanted: Iterable<readonly PurchaseLine[]>): WriteSet {
  const ids = new Set<number>();
  const stableNames = new Set<string>();
  for (const lines of wanted) {
    for (const [item] of lines) {
      if (typeof item === 'string') stableNames.add(item);
      const id = typeof item === 'number' ? item : resolve(products, item)?.id;
      if (id !== undefined) ids.add(id);
    }
  }
  return { ids: [...ids], changedNames: none, stableNames: [...stableNames], topics: none };
}

function touchedByTrade(
  products: Products,
  operations: readonly TradeOperation[],
  holds: HoldTable,
): WriteSet {
  const wanted: (readonly PurchaseLine[])[] = [];
  const held: number[] = [];
  let ofUndecided = false;
  const open = (id: HoldId): void => {
    const serial = holds.find(id);
    if (serial === undefined) ofUndecided = true;
    else held.push(...holds.productsOf(serial));
  };
  for (const operation of operations) {
    if (operation[0] === 'buy') wanted.push(operation[2]);
    else if (operation[0] === 'hold') wanted.push(operation[3]);
    else if (operation[0] === 'cancel') {
      if (operation[6]) held.push(...operation[3].map(([id]) => id));
    } else if (operation[0] !== 'extend') open(operation[2]);
  }
  const set = touchedByLines(products, wanted);
  return { ...set, ids: union(set.ids, held), ...(ofUndecided ? { ofUndecided } : {}) };
}

function touchedByUpdate(products: Products, id: number, change: ProductChange): WriteSet {
  const product = products.get(id);
  const stableNames = product ? [product.name] : none;
  if (change.topic === undefined)
    return { ids: [id], changedNames: none, stableNames, topics: none };
  const topics = topicsOf(change.topic, product?.topic);
  return { ids: [id], changedNames: none, stableNames, topics };
}

function touchedByRemoval(products: Products, id: number): WriteSet {
  const product = products.get(id);
  const changedNames = product ? [product.name] : [];
  return { ids: [id], changedNames, stableNames: none, topics: topicsOf(product?.topic) };
}

function touchedByNew(products: Products, wanted: readonly NewProduct[]): WriteSet {
  const ids = [unusedIds];
  const changedNames: string[] = [];
  const topics: string[] = [];
  for (const { id, name, topic } of wanted) {
    ids.push(id ?? products.nextId);
    changedNames.push(name);
    topics.push(topic);
  }
  return { ids, changedNames, stableNames: none, topics: topicsOf(...topics) };
}

function topicsOf(...topics: readonly (string | undefined)[]): string[] {
  const lower = topics.map((topic) => topic?.toLowerCase() ?? anyTopic);
  return [...new Set([anyTopic, ...lower])];
}

/**
 * Adds what the command may reach through appended, unapplied commands: they may put further items
 * below a restock's target, or move a product to another topic. While new rules are pending, the
 * state gives no reliable write set.
 */
export function withUndecided(
  command: CatalogCommand,
  writeSet: WriteSet,
  undecided: () => WriteSet,
): WriteSet {
  if (writeSet.all) return writeSet;
  if (restsOnState.has(command[0]) && undecided().all) return everything;
  if (command[0] === 'restock') {
    const { ids, changedNames } = undecided();
    return { ...writeSet, ids: union(writeSet.ids, ids), stableNames: changedNames };
  }
  if (writeSet.ofUndecided) {
    const { ids, changedNames, stableNames } = undecided();
    const names = union(stableNames, changedNames);
    return {
      ...writeSet,
      ids: union(writeSet.ids, ids),
      stableNames: union(writeSet.stableNames, names),
    };
  }
  if (writeSet.topics.length === 0) return writeSet;
  return { ...writeSet, topics: union(writeSet.topics, undecided().topics) };
}

function union<T>(some: readonly T[], others: readonly T[]): T[] {
  return [...new Set([...some, ...others])];
}
