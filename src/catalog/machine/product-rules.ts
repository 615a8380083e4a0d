/**
 * The rules for administrators' changes: first stock, add, update, remove, restock. They are
 * decided at apply (docs/PROTOCOL.md, section 5). A refusal changes nothing and is a result, not an
 * error.
 */
import { assert, unreachable } from '../../base/assert.js';
import { limitLimits, requestLimits as limits } from '../../base/limits.js';
import { hasControl, tidyText } from '../../base/product-text.js';
import type {
  Adjustment,
  ChangeCommand,
  LimitFields,
  NewProduct,
  ProductChange,
} from '../../wire/internal.js';
import { movementCauses } from '../../wire/movement.js';
import type { PurchaseLimit } from './limit-uses.js';
import type { Product } from './product-record.js';
import { toLimit, toRecord } from './product-record.js';
import type { Products } from './products.js';
import type { LogPlace } from './purchase-processor.js';
import type { Adjusted, Refused, Removed, Stocked, Stored } from './results.js';

/** Carries out an administrator's change. */
export function changeProduct(
  products: Products,
  command: ChangeCommand,
  place: LogPlace,
): Stored | Removed | Adjusted | Refused {
  switch (command[0]) {
    case 'add':
      return addProduct(products, command[1], place.seq);
    case 'update':
      return updateProduct(products, command[1], command[2], place);
    case 'remove':
      return removeProduct(products, command[1], command[2], place);
    case 'adjust':
      assert(products.rules > 2, 'stock is adjusted from rules 3 on');
      return adjustStock(products, command[1], command[2], place.seq);
    default:
      return unreachable(command);
  }
}

/** Corrects the units on hand, which are never fewer than the reserved ones. */
function adjustStock(
  products: Products,
  id: number,
  { delta: given = 0, count, reason, reference }: Adjustment,
  at: number,
): Adjusted | Refused {
  const product = products.get(id);
  if (!product) return notFound;
  const { stock, reserved } = product;
  const delta = count === undefined ? given : count - stock - reserved;
  const next = stock + delta;
  if (next < 0) {
    const message = `the product has ${stock + reserved} units, and ${reserved} are in open holds`;
    return conflict(message, product);
  }
  // What came back from holds and cancellations may exceed the bound, and may be corrected down.
  const isBound = delta > 0 || products.rules < 4;
  if (isBound && next > limits.quantityMax) return invalid('the quantity is out of bounds');
  const note = [reason, reference ?? null] as const;
  const why = { cause: movementCauses.adjustment, note };
  const isChanged = products.change(product, { stock: next }, at, why);
  const touched = isChanged ? [id] : [];
  return { kind: 'adjusted', record: toRecord(product), reserved, delta, touched };
}

export function addProduct(products: Products, wanted: NewProduct, at: number): Stored | Refused {
  const known = knownFields(products, wanted);
  const refused = checkNew(products, known);
  if (refused) return refused;
  const product = products.add(known, at);
  return { kind: 'stored', record: toRecord(product), touched: [product.id] };
}

/** Without the fields that later rules brought. */
function knownFields(products: Products, wanted: NewProduct): NewProduct {
  const { restockTo, limit, ...oldest } = wanted;
  if (products.rules === 0) return oldest;
  const tidied = { ...oldest, name: tidyText(wanted.name), topic: tidyText(wanted.topic) };
  const withTarget = restockTo === undefined ? tidied : { ...tidied, restockTo };
  return products.rules > 2 && limit !== undefined ? { ...withTarget, limit } : withTarget;
}

export function updateProduct(
  products: Products,
  id: number,
  change: ProductChange,
  { seq: at, time }: LogPlace,
): Stored | Refused {
  const product = products.get(id);
  if (!product) return notFound;
  const { priceCents, quantity, add, ifVersion } = change;
  const isTidied = products.rules > 0 && change.topic !== undefined;
  const topic = isTidied ? tidyText(change.topic) : change.topic;
  if (ifVersion !== undefined && ifVersion !== product.version) return versionConflict(product);
  if (quantity !== undefined && add !== undefined) {
    return invalid('the stock is either set or added to');
  }
  const stock = quantity ?? product.stock + (add ?? 0);
  const restockTo = products.rules > 0 ? change.restockTo : undefined;
  const given = products.rules > 2 ? change.limit : undefined;
  // Units that came back from holds and cancellations may have lifted the stock above its bound.
  const wanted = quantity === undefined && add === undefined ? 0 : stock;
  const wrong =
    checkFields(priceCents ?? 0, wanted, topic ?? product.topic, restockTo) ?? checkLimit(given);
  if (wrong) return wrong;
  const limit = given === undefined ? undefined : toLimit(given);
  if (isTidied && hasControl(topic ?? '')) return invalid('a topic has no control characters');
  const before = product.limit;
  if (before && limit && isOtherKind(before, limit) && hasManyUses(products, id)) {
    const message = `the limit counts more than ${limitLimits.convertedUsesMax} purchases: remove it first`;
    return conflict(message, product);
  }
  const isChanged = products.change(product, { priceCents, topic, stock, restockTo, limit }, at);
  products.uses.limitChanged(id, before, product.limit, time);
  return { kind: 'stored', record: toRecord(product), touched: isChanged ? [id] : [] };
}

/** A limit gets or loses its window. */
function isOtherKind(before: PurchaseLimit, after: PurchaseLimit): boolean {
  return (before.windowMs === null) !== (after.windowMs === null);
}

/** True if one entry should not change all of them. */
function hasManyUses({ uses }: Products, id: number): boolean {
  let count = 0;
  for (const _use of uses.of(id)) if (++count > limitLimits.convertedUsesMax) return true;
  return false;
}

export function removeProduct(
  products: Products,
  id: number,
  ifVersion: number | null,
  { seq: at, time }: LogPlace,
): Removed | Refused {
  const product = products.get(id);
  if (!product) return notFound;
  if (ifVersion !== null && ifVersion !== product.version) return versionConflict(product);
  const record = toRecord(product);
  products.uses.limitChanged(id, product.limit, null, time);
  products.remove(product, at);
  return { kind: 'removed', record, touched: [id] };
}

/** Adds the first stock. Skips products that break a rule, which a hand-made file may contain. */
export function stockProducts(
  products: Products,
  wanted: readonly NewProduct[],
  at: number,
): Stocked {
  const touched: number[] = [];
  for (const product of wanted) {
    const result = addProduct(products, product, at);
    if (result.kind === 'stored') touched.push(...result.touched);
  }
  return { kind: 'stocked', applied: true, touched };
}

/**
 * Fills each product up to its own target; never reduces stock (A26). Under rules 0, `target` is
 * the target of all products.
 */
export function restockProducts(
  products: Products,
  target: number,
  k: number,
  at: number,
): Stocked {
  const why = { cause: movementCauses.restock, source: k };
  const touched = products.restockable(target);
  for (const id of touched) {
    const product = products.get(id);
    if (!product) continue;
    const stock = products.rules > 0 ? product.restockTo : Math.min(target, limits.quantityMax);
    products.change(product, { stock: stock ?? product.stock }, at, why);
  }
  return { kind: 'stocked', applied: true, touched };
}

const notFound: Refused = { kind: 'refused', code: 'not_found', message: 'product not found' };

function invalid(message: string): Refused {
  return { kind: 'refused', code: 'invalid_argument', message };
}

function conflict(message: string, current: Product): Refused {
  return { kind: 'refused', code: 'conflict', message, current: toRecord(current) };
}

function versionConflict(product: Product): Refused {
  return conflict(`the product has version ${product.version} by now`, product);
}

function checkNew(products: Products, wanted: NewProduct): Refused | undefined {
  const { id = products.nextId, name, topic, priceCents, quantity, restockTo, limit } = wanted;
  if (!isWithin(id, 1, limits.idMax)) return invalid('the id is out of bounds');
  if (!isText(name, limits.nameLengthMax)) return invalid('a name has 1 to 200 characters');
  if (/^\d+$/.test(name)) return invalid('a name is not all digits');
  if (products.rules > 0 && (hasControl(name) || hasControl(topic))) {
    return invalid('a name or a topic has no control characters');
  }
  const wrong = checkFields(priceCents, quantity, topic, restockTo) ?? checkLimit(limit);
  if (wrong) return wrong;
  const holder = products.get(id) ?? products.named(name);
  if (holder) return conflict('a product with this name or id exists', holder);
  return products.wasUsed(id) ? invalid('the id belonged to a removed product') : undefined;
}

function checkFields(
  priceCents: number,
  quantity: number,
  topic: string,
  restockTo: number | null = null,
): Refused | undefined {
  if (!isWithin(priceCents, 0, limits.priceCentsMax)) return invalid('the price is out of bounds');
  if (!isWithin(quantity, 0, limits.quantityMax)) return invalid('the quantity is out of bounds');
  if (restockTo !== null && !isWithin(restockTo, 1, limits.quantityMax)) {
    return invalid('the restock target is out of bounds');
  }
  return isText(topic, limits.topicLengthMax)
    ? undefined
    : invalid('a topic has 1 to 200 characters');
}

function checkLimit(limit: LimitFields | null = null): Refused | undefined {
  if (limit === null) return undefined;
  const [quantity, windowSeconds] = limit;
  if (!isWithin(quantity, 1, limitLimits.quantityMax)) {
    return invalid('the quantity of a purchase limit is out of bounds');
  }
  if (windowSeconds !== null && !isWithin(windowSeconds, 1, limitLimits.windowSecondsMax)) {
    return invalid('the window of a purchase limit is out of bounds');
  }
  return undefined;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

/** True if a product may have this name, apart from uniqueness. */
export function isName(name: string): boolean {
  return isText(name, limits.nameLengthMax) && !/^\d+$/.test(name);
}

export function isTopic(topic: string): boolean {
  return isText(topic, limits.topicLengthMax);
}

/**
 * Counts characters as code points. A lone surrogate is invalid, because it does not survive the
 * encoding as UTF-8.
 */
function isText(value: string, lengthMax: number): boolean {
  if (Buffer.from(value).toString() !== value) return false;
  return value.length > 0 && (value.length <= lengthMax || [...value].length <= lengthMax);
}
