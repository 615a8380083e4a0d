/**
 * Holds the products: records, stock and books. Removed products stay, because their books must balance and
 * their ids are never reused. Does not depend on commands, keys or sales. Invariant: 0 ≤ reserved, and
 * received − sold + returned = stock + reserved for each product, always (I5; docs/STOCK.md).
 */
import { assert, required } from '../../base/assert.js';
import { requestLimits as limits } from '../../base/limits.js';
import { foldText, textKey } from '../../base/product-text.js';
import type { NewProduct, ProductRecord } from '../../wire/internal.js';
import { movementCauses } from '../../wire/movement.js';
import { isSameLimit, LimitUses, type PurchaseLimit } from './limit-uses.js';
import { LowStock, type RestockTarget } from './low-stock.js';
import { NameIndex } from './name-index.js';
import { ProductIndex, type ProductQuery } from './product-index.js';
import { type Product, toLimit, toRecord } from './product-record.js';
import type { StateHash } from './state-hash.js';
import { type Reason, StockLedger } from './stock-ledger.js';

export interface Book {
  readonly id: number;
  readonly name: string;
  readonly received: number;
  readonly sold: number;
  readonly stock: number;
  readonly reserved: number;
  readonly returned: number;
}

export interface FieldChanges {
  /** The caller has checked that the name is free. */
  readonly name?: string | undefined;
  readonly topic?: string | undefined;
  readonly priceCents?: number | undefined;
  readonly stock?: number | undefined;
  readonly restockTo?: number | null | undefined;
  readonly limit?: PurchaseLimit | null | undefined;
}

export interface FoundProducts {
  readonly records: readonly ProductRecord[];
  readonly next: number | undefined;
}

const byHand: Reason = { cause: movementCauses.change };

export class Products {
  readonly #byId = new Map<number, Product>();
  readonly #names = new NameIndex<Product>();
  #index = new ProductIndex();
  readonly #low = new LowStock(() => this.#byId.values());
  /** ISO 4217 code of all prices; set once, when rules 3 begin. */
  currency = 'EUR';
  /** How much each customer has bought of limited products. */
  readonly uses = new LimitUses();
  /** The changes of stock that may not be in the order book yet. */
  readonly ledger = new StockLedger();
  #nextId = 1;
  #rules = 0;

  /** The version of the rules that applies to the products. */
  get rules(): number {
    return this.#rules;
  }

  /** The id of the next product without a given id. This id and all higher ones were never used. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Without removed ones. */
  get size(): number {
    return this.#index.size;
  }

  /** Number of products, with removed ones. */
  get count(): number {
    return this.#byId.size;
  }

  get(id: number): Product | undefined {
    const product = this.#byId.get(id);
    return product?.removed ? undefined : product;
  }

  /** Also a removed product. */
  record(id: number): Product | undefined {
    return this.#byId.get(id);
  }

  named(name: string): Product | undefined {
    return this.#names.find(name);
  }

  wasUsed(id: number): boolean {
    return this.#byId.has(id);
  }

  find(query: ProductQuery): FoundProducts {
    const { ids, next } = this.#index.find(query);
    return { records: ids.map((id) => toRecord(required(this.get(id), 'a found product'))), next };
  }

  /** From this call on this version of the rules applies. */
  adopt(rules: number): void {
    if (this.#rules < 1 && rules >= 1) {
      this.#names.fold();
      this.#index = new ProductIndex(foldText, textKey);
      for (const product of this.all()) if (!product.removed) this.#index.add(product);
    }
    this.#rules = rules;
    if (rules > 3) this.ledger.start();
  }

  /** Records what each product has, removed ones too. */
  openLedger(): void {
    const why = { cause: movementCauses.opening };
    for (const product of this.all()) {
      this.ledger.record(product, product.stock, product.reserved, why);
    }
  }

  /** Groups of products whose names have the same key. */
  twins(): Product[][] {
    return this.#names.twins();
  }

  /** Adds a product; the caller has checked that name and id are free. */
  add(wanted: NewProduct, at: number): Product {
    const { id = this.#nextId, priceCents, quantity: stock, restockTo = null } = wanted;
    const { limit = null } = wanted;
    const product = this.put({
      id,
      name: ownText(wanted.name),
      topic: ownText(wanted.topic),
      priceCents,
      stock,
      reserved: 0,
      version: 1,
      restockTo,
      limit: toLimit(limit),
      received: stock,
      sold: 0,
      returned: 0,
      removed: false,
      changedAt: at,
    });
    this.ledger.record(product, stock, 0, { cause: movementCauses.added });
    return product;
  }

  /** Adds a product from a snapshot unchanged. */
  put(product: Product): Product {
    assert(!this.#byId.has(product.id), 'a product id is used once');
    this.#byId.set(product.id, product);
    this.#nextId = Math.max(this.#nextId, product.id + 1);
    if (product.removed) return product;
    this.#names.add(product);
    this.#index.add(product);
    this.#low.changed(product);
    return product;
  }

  /** Moves units from the stock to the sold; the caller has checked that the stock suffices. */
  deduct(product: Product, quantity: number, at: number, why: Reason): void {
    product.stock -= quantity;
    product.sold += quantity;
    assert(product.stock >= 0, 'no product is oversold');
    this.ledger.record(product, -quantity, 0, why);
    this.#changed(product, at);
  }

  /** Moves units from the stock into a hold; the caller has checked that the stock suffices. */
  reserve(product: Product, quantity: number, at: number, why: Reason): void {
    product.stock -= quantity;
    product.reserved += quantity;
    assert(product.stock >= 0, 'no product is oversold');
    this.ledger.record(product, -quantity, quantity, why);
    this.#changed(product, at);
  }

  /** Moves reserved units to the sold. The record stays as it is. */
  sellReserved(product: Product, quantity: number, at: number, why: Reason): void {
    product.reserved -= quantity;
    product.sold += quantity;
    assert(product.reserved >= 0, 'only reserved units are sold from holds');
    this.ledger.record(product, 0, -quantity, why);
    product.changedAt = at;
  }

  /** Moves reserved units back into the stock. Those of a removed product leave the books. */
  unreserve(product: Product, quantity: number, at: number, why: Reason): void {
    product.reserved -= quantity;
    assert(product.reserved >= 0, 'only reserved units are released');
    if (product.removed) {
      product.received -= quantity;
      product.changedAt = at;
      this.ledger.record(product, 0, -quantity, why);
      return;
    }
    product.stock += quantity;
    this.ledger.record(product, quantity, -quantity, why);
    this.#changed(product, at);
  }

  /** Puts sold units back into the stock. Those of a removed product leave the books. */
  takeBack(product: Product, quantity: number, at: number, why: Reason): void {
    product.returned += quantity;
    if (product.removed) {
      product.received -= quantity;
      product.changedAt = at;
      return;
    }
    product.stock += quantity;
    this.ledger.record(product, quantity, 0, why);
    this.#changed(product, at);
  }

  /** Returns false if nothing changes; the record then keeps its version. `why`: of the stock. */
  change(product: Product, changes: FieldChanges, at: number, why = byHand): boolean {
    const { name = product.name, topic = product.topic } = changes;
    const { priceCents = product.priceCents } = changes;
    const { stock = product.stock, restockTo = product.restockTo } = changes;
    const { limit = product.limit } = changes;
    const isSame =
      name === product.name &&
      topic === product.topic &&
      priceCents === product.priceCents &&
      stock === product.stock &&
      restockTo === product.restockTo &&
      isSameLimit(limit, product.limit);
    if (isSame) return false;
    const { name: oldName, topic: oldTopic } = product;
    if (name !== oldName) this.#rename(product, name);
    if (topic !== oldTopic) product.topic = ownText(topic);
    product.priceCents = priceCents;
    const delta = stock - product.stock;
    product.received += delta;
    product.stock = stock;
    this.ledger.record(product, delta, 0, why);
    product.restockTo = restockTo;
    product.limit = limit;
    if (topic !== oldTopic || name !== oldName) this.#index.changed(product, oldTopic);
    this.#changed(product, at);
    return true;
  }

  /** Removes a product. Its remaining stock leaves the books. */
  remove(product: Product, at: number): void {
    const { stock } = product;
    product.received -= stock;
    product.stock = 0;
    this.ledger.record(product, -stock, 0, { cause: movementCauses.removed });
    product.removed = true;
    product.changedAt = at;
    this.#names.remove(product);
    this.#index.remove(product);
    this.#low.removed(product);
  }

  /** Ids of the products with less stock than `target`, or than their own target, ascending. */
  below(target: RestockTarget): number[] {
    return this.#low.below(target);
  }

  /** Ids of the products that a restock would change, ascending. `target`: under rules 0. */
  restockable(target: number): number[] {
    return this.#low.below(this.#rules > 0 ? undefined : Math.min(target, limits.quantityMax));
  }

  /** All products including removed ones, ascending by id. */
  all(): Product[] {
    const all = [...this.#byId.values()];
    // Usually they are: sorting 100,000 products takes noticeable time.
    const isSorted = all.every((product, place) => product.id > (all[place - 1]?.id ?? 0));
    return isSorted ? all : all.sort((a, b) => a.id - b.id);
  }

  hashInto(hash: StateHash): void {
    for (const product of this.all()) {
      hash.text(product.name);
      hash.text(product.topic);
      hash.number(product.id);
      hash.number(product.priceCents);
      hash.number(product.stock);
      hash.number(product.version);
      hash.number(product.received);
      hash.number(product.sold);
      hash.number(Number(product.removed));
      if (this.#rules > 0) hash.number(product.restockTo ?? 0);
      if (this.#rules > 2) {
        hash.number(product.reserved);
        hash.number(product.returned);
        hash.number(product.limit?.quantity ?? 0);
        hash.number(product.limit?.windowMs ?? 0);
      }
    }
  }

  books(): Book[] {
    return this.all().map(({ id, name, received, sold, stock, reserved, returned }) => {
      return { id, name, received, sold, stock, reserved, returned };
    });
  }

  invariants(): void {
    for (const product of this.#byId.values()) {
      assert(product.stock >= 0, 'stock is never negative');
      const { received, sold, returned, stock, reserved } = product;
      assert(reserved >= 0, 'no more is released than was reserved');
      assert(received - sold + returned === stock + reserved, 'the books balance');
      assert(product.id < this.#nextId, 'the next id is above all others');
      assert(product.removed !== this.#names.has(product), 'names are found');
    }
    assert(this.#names.size === this.#index.size, 'every product is in the index');
    this.#low.invariants();
  }

  #rename(product: Product, name: string): void {
    this.#names.remove(product);
    product.name = ownText(name);
    this.#names.add(product);
  }

  #changed(product: Product, at: number): void {
    product.version++;
    product.changedAt = at;
    this.#low.changed(product);
  }
}

/** Copies the text: a slice would keep the whole decoded message alive, and is slower to read. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}
