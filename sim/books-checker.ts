/**
 * Checks the decisions of the state machines: the catalog against a plain model (I5, I6), equal state at
 * equal positions (I4), and the orders as the exact prefix of the sales (I7). Keeps the history of each
 * product and of all sales for the customers' checks.
 */

import { purchaseLimits, requestLimits } from '../src/base/limits.js';
import type { CatalogMachine, CatalogResult } from '../src/catalog/machine/catalog-machine.js';
import type { Entry } from '../src/consensus/types.js';
import type { OrderMachine } from '../src/order/order-machine.js';
import { decode } from '../src/wire/codec.js';
import type { CatalogCommand, KeyDigest, OrderCommand, Sale } from '../src/wire/internal.js';
import type { TradeOutcome } from '../src/wire/trade.js';
import { CatalogModel } from '../test/catalog/machine/catalog-model.js';
import { CancelChecker } from './cancel-checker.js';
import { LedgerChecker } from './ledger-checker.js';

export interface ItemState {
  readonly version: number;
  readonly seq: number;
  readonly stock: number;
  readonly priceCents: number;
}

export interface KnownSale {
  readonly sale: Sale;
  readonly seq: number;
}

/** After these the stock of all products is compared with the model's. */
const stockCommands: ReadonlySet<string> = new Set(['trade', 'expire', 'adjust', 'update']);

/** The state's hash is compared every this many entries. */
const hashEvery = 16;

export class BooksChecker {
  readonly model: CatalogModel;
  /** Each product's states, oldest first. */
  readonly items = new Map<number, ItemState[]>();
  /** `sales[n - 1]` is sale n. */
  readonly sales: KnownSale[] = [];
  readonly cancellations: CancelChecker;
  readonly ledger: LedgerChecker;
  /** The entry that decided the purchase under a key last, by kind and digest. */
  readonly decidedAt = new Map<string, number>();
  replays = 0;
  refusals = 0;
  /** Purchases refused for their total. */
  tooLarge = 0;
  readonly #report: (problem: string) => void;
  readonly #hashes = new Map<string, string>();
  readonly #outcomes = new Map<string, string>();
  #catalogSeq = 0;
  #orderSeq = 0;
  /** Orders that any replica has applied. */
  orders = 0;

  constructor(report: (problem: string) => void) {
    this.#report = report;
    const { totalCentsMax } = requestLimits;
    this.model = new CatalogModel({ ...purchaseLimits, totalCentsMax });
    this.ledger = new LedgerChecker(report);
    this.cancellations = new CancelChecker(report, (number) => this.sales[number - 1]?.sale);
  }

  catalogApplied(id: string, entry: Entry, result: CatalogResult, machine: CatalogMachine): void {
    if (entry.seq % hashEvery === 0) this.#hash('catalog', id, entry.seq, machine);
    if (entry.seq <= this.#catalogSeq) return;
    if (entry.seq !== this.#catalogSeq + 1) {
      this.#report(`I3: ${id} applied entry ${entry.seq} after ${this.#catalogSeq}`);
    }
    this.#catalogSeq = entry.seq;
    const command =
      entry.command.length === 0 ? undefined : (decode(entry.command) as CatalogCommand);
    const expected = this.model.apply(command, entry.time);
    this.#notePlaces(entry.seq);
    this.ledger.catalogApplied(command, entry.seq, machine);
    if (machine.lastRestock !== this.model.lastRestock) {
      this.#report(`I5: ${id} has restocked ${machine.lastRestock} times at ${entry.seq}`);
    }
    const cancelled = result.kind === 'trade' ? result.cancellations : undefined;
    if (cancelled) this.cancellations.decided(cancelled, entry.seq);
    if (command && stockCommands.has(command[0])) this.#compareBooks(id, entry.seq, machine);
    if (result.kind !== 'sell' && result.kind !== 'trade') return;
    const [decided, known] = [result.outcomes, expected].map((one) => JSON.stringify(one, inHex));
    if (decided !== known) {
      this.#report(`I5/I6: entry ${entry.seq} decides ${decided}, not ${known}`);
    }
    for (const [index, [key, kind]] of keysOf(command).entries()) {
      const name = `${kind} ${Buffer.from(key).toString('hex')}`;
      this.#outcome(name, result.outcomes[index]);
      this.decidedAt.set(name, entry.seq);
    }
    if (!result.sales) return;
    for (const sale of decode(result.sales[2]) as readonly Sale[]) {
      this.sales.push({ sale, seq: entry.seq });
      if (sale[0] !== this.sales.length) this.#report(`I7: sale ${sale[0]} leaves a gap`);
      const [number, , , totalCents] = sale;
      if (totalCents > requestLimits.totalCentsMax) {
        this.#report(`I5: sale ${number} comes to ${totalCents} cents, more than an order may`);
      }
    }
  }

  orderApplied(id: string, entry: Entry, machine: OrderMachine): void {
    if (entry.seq % hashEvery === 0) this.#hash('order', id, entry.seq, machine);
    if (entry.seq <= this.#orderSeq) return;
    this.#orderSeq = entry.seq;
    if (entry.command.length > 0) this.#order(decode(entry.command) as OrderCommand);
    if (machine.lastMovement !== this.ledger.projected) {
      const found = `${machine.lastMovement} movements, not ${this.ledger.projected}`;
      this.#report(`I7: ${id} has ${found}, at ${entry.seq}`);
    }
    const { projected } = this.cancellations;
    if (machine.lastCancellation !== projected) {
      const found = `${machine.lastCancellation} cancellations, not ${projected}`;
      this.#report(`I7: ${id} has ${found}, at ${entry.seq}`);
    }
    if (machine.lastOrder !== this.orders) {
      this.#report(`I7: ${id} has ${machine.lastOrder} orders at ${entry.seq}, not ${this.orders}`);
    }
  }

  /** Compares state hashes at equal positions, and checks the machines' own invariants. */
  compare(
    group: string,
    replicas: readonly { readonly id: string; readonly machine: CatalogMachine | OrderMachine }[],
  ): void {
    for (const { id, machine } of replicas) {
      this.#hash(group, id, machine.appliedSeq, machine);
      try {
        machine.invariants();
      } catch (error) {
        this.#report(`I5: ${id}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  /** The state of a product at this entry. */
  itemAt(id: number, seq: number): ItemState | undefined {
    return this.items.get(id)?.findLast((state) => state.seq <= seq);
  }

  /** A customer got this refusal: the item must have had a price that justifies it. */
  refusedTotal(id: number, quantity: number): void {
    this.tooLarge += 1;
    const highest = Math.max(...(this.items.get(id) ?? []).map(({ priceCents }) => priceCents));
    if (highest * quantity > requestLimits.totalCentsMax) return;
    this.#report(`I5: ${quantity} of item ${id} were too much at ${highest} cents at most`);
  }

  #order(command: OrderCommand): void {
    this.cancellations.ordersApplied(command);
    this.ledger.orderApplied(command);
    if (command[0] !== 'orders') return;
    for (const sale of decode(command[3]) as readonly Sale[]) {
      if (sale[0] !== this.orders + 1) continue;
      this.orders += 1;
      const known = this.sales[this.orders - 1];
      if (known === undefined) this.#report(`I7: order ${this.orders} was never sold`);
      else if (textOf(known.sale) !== textOf(sale)) {
        this.#report(`I7: order ${textOf(sale)} is not sale ${textOf(known.sale)}`);
      }
    }
  }

  /** Units on hand, reserved and sold. */
  #compareBooks(id: string, seq: number, machine: CatalogMachine): void {
    for (const { id: item, stock, reserved, sold, received, returned } of machine.books()) {
      const known = this.model.living.get(item) ?? this.model.removed.get(item);
      const isReturned =
        known?.returned === returned && this.cancellations.returned(item) === returned;
      const isSame =
        known?.stock === stock && known.reserved === reserved && known.sold === sold && isReturned;
      const isBalanced = reserved >= 0 && received - sold + returned === stock + reserved;
      if (isSame && isBalanced) continue;
      const found = `${stock} units of item ${item}, ${reserved} reserved, ${sold} sold, ${returned} returned`;
      this.#report(`I5: ${id} has ${found} at ${seq}, not as the model`);
    }
  }

  #notePlaces(seq: number): void {
    for (const { id, version, stock, priceCents } of this.model.living.values()) {
      const states = this.items.get(id);
      const state = { version, seq, stock, priceCents };
      if (states === undefined) this.items.set(id, [state]);
      else if (states.at(-1)?.version !== version) states.push(state);
    }
  }

  /** I6: the same key has the same outcome, whatever the request. */
  #outcome(key: string, outcome: TradeOutcome | undefined): void {
    if (outcome === undefined || ['key_reused', 'stale', 'full'].includes(outcome[0])) return;
    if (outcome.at(-1) === true) this.replays += 1;
    else if (outcome[0] === 'out_of_stock') this.refusals += 1;
    const text = JSON.stringify(outcome.slice(0, -1), inHex);
    const known = this.#outcomes.get(key);
    if (known === undefined) this.#outcomes.set(key, text);
    else if (known !== text) this.#report(`I6: key ${key} had ${known} and now ${text}`);
  }

  #hash(group: string, id: string, seq: number, machine: { hash(): string }): void {
    const key = `${group} ${seq}`;
    const hash = machine.hash();
    const known = this.#hashes.get(key);
    if (known === undefined) this.#hashes.set(key, hash);
    else if (known !== hash) this.#report(`I4: ${id} has another state at ${key}`);
  }
}

function keysOf(command: CatalogCommand | undefined): (readonly [KeyDigest, number])[] {
  if (command?.[0] === 'sell') return command[3].map(([key, kind]) => [key, kind]);
  if (command?.[0] !== 'trade') return [];
  return command[3].map(([, [key, kind]]) => [key, kind]);
}

/** Bytes as text, in either kind of array. */
function inHex(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: number[] };
  return type === 'Buffer' && data ? Buffer.from(data).toString('hex') : value;
}

/** The bytes of a key may be in either kind of array. */
function textOf([number, key, lines, totalCents, at]: Sale): string {
  return `${number} ${Buffer.from(key).toString('hex')} ${lines.join(' ')} ${totalCents} ${at}`;
}
