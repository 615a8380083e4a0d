/**
 * A second catalog, written only to be compared with the real one: plain maps, no index, the rules
 * in the words of docs/PROTOCOL.md, section 5. Helper of the tests in this folder.
 */
import type {
  CatalogCommand,
  Outcome,
  Purchase,
  RulesSettings,
  Sale,
  SaleLine,
} from '../../../src/wire/internal.js';
import type { OperationKey, TradeOperation, TradeOutcome } from '../../../src/wire/trade.js';
import { ModelLedger, type ModelLimits, type ModelProduct, type ModelSale } from './model-parts.js';
import { held, TradeModel } from './trade-model.js';

interface StoredKey {
  readonly hash: string;
  readonly outcome: TradeOutcome;
  /** Of an opened hold: its serial number. */
  readonly serial?: number;
  readonly time: number;
}

const minute = 60_000;
const usual = {
  frontendKeysMax: Number.POSITIVE_INFINITY,
  ...{ clientKeyMs: 24 * 60 * minute, frontendKeyMs: 2 * minute },
  ...{ clientKeyAgeMaxMs: 60 * minute, frontendKeyAgeMaxMs: minute },
  totalCentsMax: 7e15,
  movementsMax: 1_000_000,
};

/** Commands that change nothing while too many movements are not in the order book. */
const waitsForLedger: ReadonlySet<string> = new Set([
  ...['expire', 'restock', 'add', 'update', 'remove', 'adjust'],
]);

export class CatalogModel {
  readonly living = new Map<number, ModelProduct>();
  readonly removed = new Map<number, ModelProduct>();
  readonly keys = [new Map<string, StoredKey>(), new Map<string, StoredKey>()] as const;
  readonly sales: ModelSale[] = [];
  readonly trades: TradeModel;
  readonly ledger = new ModelLedger();
  readonly #limits: Required<ModelLimits>;
  time = 0;
  watermark = 0;
  orderEpoch = 0;
  lastRestock = 0;
  rules = 0;
  clientKeysMax: number;
  nextId = 1;
  #isStocked = false;
  /** Is the total of the purchases that are decided now bounded? */
  #bounded = false;

  constructor(limits: ModelLimits) {
    this.#limits = { ...usual, ...limits };
    this.clientKeysMax = limits.clientKeysMax;
    const model = this;
    this.trades = new TradeModel(
      {
        get time() {
          return model.time;
        },
        get lastSale() {
          return model.sales.length;
        },
        find: (lines) => this.#find(lines, true),
        named: (item) => this.#product(item),
        record: (id) => this.living.get(id) ?? this.removed.get(id),
        sold: (sale) => this.#sold(sale),
        ledger: this.ledger,
      },
      limits,
    );
  }

  /** The outcomes of a sell or a trade; for other commands undefined. */
  apply(command: CatalogCommand | undefined, time: number): readonly TradeOutcome[] | undefined {
    this.time = Math.min(time, this.time + 15_000);
    this.#forget(0, this.#limits.frontendKeyMs);
    this.#forget(1, this.#limits.clientKeyMs);
    this.trades.forget();
    if (command && waitsForLedger.has(command[0]) && this.#isLedgerFull) return undefined;
    switch (command?.[0]) {
      case 'sell':
        this.#bounded = command[4] === true;
        return this.#applySell(command[1], command[3]);
      case 'trade':
        return this.#applyTrade(command[1], command[2], command[3]);
      case 'expire':
        this.trades.expire(command[1]);
        return undefined;
      case 'adjust':
        this.#adjust(command[1], command[2]);
        return undefined;
      case 'stock':
        if (this.#isStocked) return undefined;
        this.#isStocked = true;
        for (const wanted of command[1]) this.#add(wanted);
        return undefined;
      case 'restock':
        if (command[1] !== this.lastRestock + 1) return undefined;
        this.lastRestock++;
        for (const product of this.living.values()) {
          const target = this.rules > 0 ? product.restockTo : command[2];
          if (product.stock < (target ?? 0)) this.#setStock(product, target ?? 0);
        }
        return undefined;
      case 'rules':
        if (command[1] > this.rules) this.#startRules(command[1], command[2]);
        return undefined;
      case 'capacity':
        if (command[1] > 0) this.clientKeysMax = command[1];
        return undefined;
      case 'add':
        this.#add(command[1]);
        return undefined;
      case 'update':
        this.#update(command[1], command[2]);
        return undefined;
      case 'remove':
        this.#remove(command[1], command[2]);
        return undefined;
      case 'cursor':
        this.watermark = Math.max(this.watermark, Math.min(command[1], this.sales.length));
        this.trades.cancellations.confirmed(command[2] ?? 0);
        this.ledger.confirmed(command[3] ?? 0);
        return undefined;
      default:
        return undefined;
    }
  }

  #startRules(version: number, { restockTo, bundled }: RulesSettings): void {
    const before = this.rules;
    this.rules = version;
    if (before < 4 && version > 3) {
      this.ledger.begin([...this.living.values(), ...this.removed.values()]);
    }
    if (before > 0) return;
    for (const [id, name] of bundled) {
      const product = this.living.get(id);
      if (product?.name !== name || restockTo < 1) continue;
      product.restockTo = restockTo;
      product.version++;
    }
    const all = [...this.living.values()];
    const isAlone = ({ name }: ModelProduct) =>
      all.filter((one) => isSame(one.name, name)).length < 2;
    for (const product of all.filter(isAlone)) {
      if (product.name === product.name.trim() || isNumber(product.name.trim())) continue;
      product.name = product.name.trim();
      product.version++;
    }
  }

  #named(name: string): ModelProduct | undefined {
    const all = [...this.living.values()].sort((a, b) => a.id - b.id);
    const exact = all.find((product) => product.name === name);
    if (exact || this.rules === 0) return exact;
    return all.find((product) => isSame(product.name, name));
  }

  #forget(kind: 0 | 1, lifeMs: number): void {
    for (const [key, { outcome, time }] of this.keys[kind]) {
      if (time + lifeMs > this.time) return;
      if (outcome[0] === 'sold' && outcome[1] > this.watermark) return;
      this.keys[kind].delete(key);
    }
  }

  #applySell(orderEpoch: number, purchases: readonly Purchase[]): Outcome[] {
    const outcomes = purchases.map((purchase) => this.#applyPurchase(orderEpoch, purchase));
    this.orderEpoch = Math.max(this.orderEpoch, orderEpoch);
    return outcomes;
  }

  #applyPurchase(
    orderEpoch: number,
    [digest, kind, requestHash, lines, seenTime]: Purchase,
  ): Outcome {
    const operationKey = [digest, kind, requestHash, seenTime] as const;
    const known = this.#known(operationKey);
    if (known && !isOfPurchase(known)) return ['key_reused'];
    const refused = known ?? this.#refusal(orderEpoch, operationKey, true);
    if (refused) return refused as Outcome;
    const outcome = this.#decide(digest, lines);
    this.#store(operationKey, outcome);
    return outcome;
  }

  #applyTrade(orderEpoch: number, at: number, operations: readonly TradeOperation[]) {
    const outcomes = operations.map((operation) => {
      const [name, key] = operation;
      const sells = name === 'buy' || name === 'confirm';
      const refused = this.#known(key) ?? this.#refusal(orderEpoch, key, sells);
      if (refused) return refused;
      const outcome = this.trades.decide(operation, at);
      if (outcome[0] !== 'stale' && outcome[0] !== 'full') this.#store(key, outcome);
      return outcome;
    });
    this.orderEpoch = Math.max(this.orderEpoch, orderEpoch);
    return outcomes;
  }

  /** The stored outcome of a known key, or that it is of another request. */
  #known([digest, kind, requestHash]: OperationKey): TradeOutcome | undefined {
    const known = this.keys[kind].get(textOf(digest));
    if (!known) return undefined;
    if (kind === 1 && known.hash !== textOf(requestHash)) return ['key_reused'];
    const { outcome, serial } = known;
    if (serial === undefined) return [...outcome.slice(0, -1), true] as unknown as TradeOutcome;
    const hold = this.trades.holds[serial];
    return hold ? held(hold, true) : ['no_hold', true];
  }

  /** A refusal that stores nothing. */
  #refusal(
    orderEpoch: number,
    [, kind, , seenTime]: OperationKey,
    sells: boolean,
  ): TradeOutcome | undefined {
    if (orderEpoch < this.orderEpoch) return ['stale'];
    const { clientKeyAgeMaxMs, frontendKeyAgeMaxMs, frontendKeysMax } = this.#limits;
    const [ageMaxMs, keysMax] =
      kind === 1 ? [clientKeyAgeMaxMs, this.clientKeysMax] : [frontendKeyAgeMaxMs, frontendKeysMax];
    if (this.time - seenTime > ageMaxMs) return ['stale', seenTime];
    if (this.keys[kind].size >= keysMax) return ['full', 'keys'];
    const isFull = this.sales.length - this.watermark >= this.#limits.unprojectedMax;
    return this.#isLedgerFull || (sells && isFull) ? ['full', 'sales'] : undefined;
  }

  get #isLedgerFull(): boolean {
    return this.ledger.last - this.ledger.watermark >= this.#limits.movementsMax;
  }

  #store([digest, kind, requestHash]: OperationKey, outcome: TradeOutcome): void {
    const stored = { hash: textOf(requestHash), outcome, time: this.time };
    const serial = outcome[0] === 'held' ? this.trades.serialOf(outcome[1]) : undefined;
    this.keys[kind].set(textOf(digest), serial === undefined ? stored : { ...stored, serial });
  }

  #product(item: number | string): ModelProduct | undefined {
    return typeof item === 'number' ? this.living.get(item) : this.#named(item);
  }

  #sold([number, key, lines, totalCents, , customer]: Sale): void {
    const digest = customer ? textOf(customer) : null;
    this.sales.push({ number, key: textOf(key), lines, totalCents, customer: digest });
  }

  /** The wanted units of each product, if the stock has them all. */
  #find(lines: Purchase[3], isBounded: boolean) {
    const wanted = new Map<ModelProduct, number>();
    for (const [index, [item, quantity]] of lines.entries()) {
      const product = this.#product(item);
      if (!product) return ['not_found', index, false] as const;
      wanted.set(product, (wanted.get(product) ?? 0) + quantity);
    }
    for (const [{ id, stock }, quantity] of wanted) {
      if (stock < quantity) return ['out_of_stock', id, stock, false] as const;
    }
    let totalCents = 0;
    for (const [{ priceCents }, quantity] of wanted) totalCents += quantity * priceCents;
    const { totalCentsMax } = this.#limits;
    if (isBounded && totalCents > totalCentsMax) return ['not_found', -1, false] as const;
    return wanted;
  }

  #decide(key: Uint8Array, lines: Purchase[3]): Outcome {
    const wanted = this.#find(lines, this.#bounded);
    if (!(wanted instanceof Map)) return wanted;
    const limited = [...wanted.keys()].find(({ limit }) => limit !== null);
    if (limited) return ['customer_required', limited.id, false];
    let totalCents = 0;
    const sold: SaleLine[] = [];
    for (const [product, quantity] of wanted) {
      product.stock -= quantity;
      product.sold += quantity;
      product.version++;
      this.ledger.moved(-quantity, 0);
      totalCents += quantity * product.priceCents;
      sold.push([product.id, product.name, quantity, product.priceCents]);
    }
    const number = this.sales.length + 1;
    this.#sold([number, key, sold, totalCents, 0]);
    return ['sold', number, totalCents, false];
  }

  #add(wanted: Extract<CatalogCommand, readonly ['add', ...unknown[]]>[1]): void {
    const { id = this.nextId, topic, priceCents, quantity: stock } = wanted;
    const name = this.rules > 0 ? wanted.name.trim() : wanted.name;
    if (this.#named(name) || this.living.has(id) || this.removed.has(id)) return;
    if (isNumber(name)) return;
    this.nextId = Math.max(this.nextId, id + 1);
    const books = { received: stock, sold: 0, reserved: 0, returned: 0 };
    const restockTo = this.rules > 0 ? (wanted.restockTo ?? null) : null;
    const limit = this.rules > 2 ? (wanted.limit ?? null) : null;
    const fields = { id, name, topic, priceCents, stock, version: 1, restockTo, limit };
    this.living.set(id, { ...fields, ...books });
    this.ledger.moved(stock, 0);
  }

  #update(id: number, change: Extract<CatalogCommand, readonly ['update', ...unknown[]]>[2]): void {
    const product = this.living.get(id);
    const { priceCents, quantity, add, topic, ifVersion } = change;
    if (!product || (quantity !== undefined && add !== undefined)) return;
    if (ifVersion !== undefined && ifVersion !== product.version) return;
    const { version, ...before } = product;
    if (quantity !== undefined) this.#setStock(product, quantity);
    if (add !== undefined) this.#setStock(product, product.stock + add);
    product.topic = topic ?? product.topic;
    product.priceCents = priceCents ?? product.priceCents;
    if (this.rules > 0 && change.restockTo !== undefined) product.restockTo = change.restockTo;
    if (this.rules > 2 && change.limit !== undefined) {
      this.trades.limits.changed(product, product.limit, change.limit);
      product.limit = change.limit;
    }
    product.version = version;
    const { version: _, ...after } = product;
    if (JSON.stringify(before) !== JSON.stringify(after)) product.version++;
  }

  #remove(id: number, ifVersion: number | null): void {
    const product = this.living.get(id);
    if (!product || (ifVersion !== null && ifVersion !== product.version)) return;
    this.trades.limits.changed(product, product.limit, null);
    this.#setStock(product, 0);
    this.living.delete(id);
    this.removed.set(id, product);
  }

  /** The count is of the units on hand, of which the reserved ones stay. */
  #adjust(id: number, { delta, count }: { delta?: number; count?: number }): void {
    const product = this.living.get(id);
    if (!product) return;
    const stock = count === undefined ? product.stock + (delta ?? 0) : count - product.reserved;
    if (stock >= 0 && stock !== product.stock) this.#setStock(product, stock);
  }

  #setStock(product: ModelProduct, stock: number): void {
    this.ledger.moved(stock - product.stock, 0);
    product.received += stock - product.stock;
    product.stock = stock;
    product.version++;
  }
}

/** False: a plain purchase does not replay the outcome of another operation. */
function isOfPurchase([name]: TradeOutcome): boolean {
  return ['sold', 'out_of_stock', 'not_found', 'customer_required', 'key_reused'].includes(name);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isNumber(name: string): boolean {
  return [...name].every((character) => '0123456789'.includes(character));
}

/** The names of histories are ASCII. */
function isSame(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}
