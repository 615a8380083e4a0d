/**
 * Decides cancellations (docs/STOCK.md, C1 to C6). An order never changes: the operation says what it
 * has, and the table how much of it is cancelled. Invariant: in total over all cancellations, at most
 * what was bought is cancelled, and goes back into stock.
 */
import { textKey } from '../../base/product-text.js';
import type { PurchaseLine, SaleLine } from '../../wire/internal.js';
import { movementCauses } from '../../wire/movement.js';
import type { TradeOperation, TradeOutcome } from '../../wire/trade.js';
import type { CancelTable } from './cancel-table.js';
import type { ReadonlyRuns } from './numbered-runs.js';
import type { Products } from './products.js';
import type { TradePlace } from './trade-place.js';

export type CancelOperation = Extract<TradeOperation, readonly ['cancel', ...unknown[]]>;

/** A product of an order, with the units that are not cancelled yet. */
interface OpenLine {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
  left: number;
}

export class Cancellations {
  readonly #products: Products;
  readonly #table: CancelTable;
  readonly #runs: ReadonlyRuns;
  readonly #unprojectedMax: number;

  constructor(
    products: Products,
    table: CancelTable,
    runs: ReadonlyRuns,
    { unprojectedMax }: { readonly unprojectedMax: number },
  ) {
    this.#products = products;
    this.#table = table;
    this.#runs = runs;
    this.#unprojectedMax = unprojectedMax;
  }

  decide(operation: CancelOperation, place: TradePlace): TradeOutcome {
    const [, , order, bought, , wanted] = operation;
    const number = place.nextCancellation();
    const isBehind = number - 1 - this.#runs.watermark >= this.#unprojectedMax;
    if (isBehind || this.#table.isFull(order, bought.length)) return ['full', 'cancellations'];
    const known = this.#table.find(order);
    const open = openLines(bought, known?.units ?? []);
    const lines = takeLines(open, wanted);
    if (!areLines(lines)) return lines;
    if (lines.length === 0) return ['not_cancellable', 0, 0, false];
    this.#giveBack(operation, lines, number, place);
    const units = addUnits(known?.units ?? [], lines);
    this.#table.put({ order, last: number, count: (known?.count ?? 0) + 1, units });
    const [, [key], , , , , restock, reason] = operation;
    place.cancellations.push([
      ...([number, key, order, lines, totalOf(lines), restock, reason, place.at] as const),
      ...([known?.last ?? 0, units, open.every(({ left }) => left === 0)] as const),
    ]);
    return ['cancelled', number, order, false];
  }

  /** Units go back into stock if they are restocked, and to the customer's limits in any case. */
  #giveBack(
    [, , order, , customer, , restock]: CancelOperation,
    lines: readonly SaleLine[],
    number: number,
    { seq, touched }: TradePlace,
  ): void {
    const why = { cause: movementCauses.cancellation, source: number };
    for (const [id, , quantity] of lines) {
      const product = this.#products.record(id);
      if (!product) continue;
      if (customer) this.#products.uses.giveBack(id, customer, order, quantity);
      if (!restock) continue;
      if (product.changedAt !== seq) touched.push(id);
      this.#products.takeBack(product, quantity, seq, why);
    }
  }
}

function openLines(bought: readonly SaleLine[], cancelled: readonly number[]): OpenLine[] {
  const open = new Map<number, OpenLine>();
  for (const [id, name, quantity, priceCents] of bought) {
    const line = open.get(id);
    if (line) line.left += quantity;
    else open.set(id, { id, name, priceCents, left: quantity });
  }
  for (let at = 0; at < cancelled.length; at += 2) {
    const line = open.get(cancelled[at] ?? 0);
    if (line) line.left -= cancelled[at + 1] ?? 0;
  }
  return [...open.values()];
}

/** Takes the wanted units from the open ones, or all of them; a refusal changes nothing that is kept. */
function takeLines(
  open: readonly OpenLine[],
  wanted: readonly PurchaseLine[] | null,
): readonly SaleLine[] | TradeOutcome {
  const taken = new Map<OpenLine, number>();
  if (wanted === null) {
    for (const line of open) taken.set(line, line.left);
  } else {
    for (const [index, [item, quantity]] of wanted.entries()) {
      const line = open.find(({ id, name }) => {
        return typeof item === 'number' ? id === item : textKey(name) === textKey(item);
      });
      if (!line && typeof item === 'string') return ['not_found', index, false];
      const units = (line && taken.get(line)) ?? 0;
      const left = line?.left ?? 0;
      if (!line || units + quantity > left) {
        return ['not_cancellable', line?.id ?? Number(item), left, false];
      }
      taken.set(line, units + quantity);
    }
  }
  const lines: SaleLine[] = [];
  for (const line of open) {
    const quantity = taken.get(line) ?? 0;
    if (quantity === 0) continue;
    line.left -= quantity;
    lines.push([line.id, line.name, quantity, line.priceCents]);
  }
  return lines;
}

function areLines(found: readonly SaleLine[] | TradeOutcome): found is readonly SaleLine[] {
  return typeof found[0] !== 'string';
}

function addUnits(before: readonly number[], lines: readonly SaleLine[]): number[] {
  const units = new Map<number, number>();
  for (let at = 0; at < before.length; at += 2) units.set(before[at] ?? 0, before[at + 1] ?? 0);
  for (const [id, , quantity] of lines) units.set(id, (units.get(id) ?? 0) + quantity);
  return [...units].flat();
}

function totalOf(lines: readonly SaleLine[]): number {
  return lines.reduce((sum, [, , quantity, priceCents]) => sum + quantity * priceCents, 0);
}
