/**
 * Checks the ledger (docs/STOCK.md, M1 to M5): the catalog's movements by a model of their own, the order
 * group's as exactly those, and reads, which show every movement that was answered before their question.
 */
import type { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import { decode } from '../src/wire/codec.js';
import type { CatalogCommand, OrderCommand } from '../src/wire/internal.js';
import { type Movement, movementCauses } from '../src/wire/movement.js';
import type { Ledger, LedgerMovement } from '../src/wire/stock-schemas.js';
import { LedgerModel } from '../test/catalog/machine/ledger-model.js';

export interface LedgerQuestion {
  readonly id: number;
  readonly after: number;
  readonly limit: number;
}

export class LedgerChecker {
  /** Movements that any order replica has applied. */
  projected = 0;
  /** Pages that were read. */
  reads = 0;
  readonly #report: (problem: string) => void;
  readonly #model: LedgerModel;
  /** Of each product, with the entry of each. */
  readonly #byProduct = new Map<number, { readonly movement: Movement; readonly seq: number }[]>();
  /** The newest movement of each product that was in an answer, or is part of one. */
  readonly #minimums = new Map<number, number>();

  constructor(report: (problem: string) => void) {
    this.#report = report;
    this.#model = new LedgerModel(report);
  }

  /** Number of the newest movement that the catalog has recorded. */
  get last(): number {
    return this.#model.all.length;
  }

  /** The first replica has applied an entry of the catalog's log. */
  catalogApplied(command: CatalogCommand | undefined, seq: number, machine: CatalogMachine): void {
    const known = this.#model.all.length;
    this.#model.applied(command, machine);
    for (const movement of this.#model.all.slice(known)) {
      const [, id] = movement;
      this.#byProduct.set(id, [...this.#of(id), { movement, seq }]);
    }
  }

  orderApplied(command: OrderCommand): void {
    if (command[0] !== 'movements') return;
    const found = decode(command[3]) as readonly Movement[];
    const ids = [...new Set(found.map(([, id]) => id))].sort((a, b) => a - b);
    if (`${ids}` !== `${command[4]}`) {
      this.#report(`M3: an entry names the products ${command[4]}, not ${ids}`);
    }
    for (const movement of found) {
      if (movement[0] !== this.projected + 1) continue;
      this.projected += 1;
      const known = this.#model.all[this.projected - 1];
      if (`${known}` === `${movement}`) continue;
      this.#report(`I7: the order group takes movement ${movement} for ${known}`);
    }
  }

  /** Something that became visible with this entry was answered. */
  answeredAt(id: number, seq: number): void {
    const newest = this.#of(id).findLast((one) => one.seq <= seq);
    this.#raise(id, newest?.movement[0] ?? 0);
  }

  /** The newest movement that a read of the product must show; ask before the question. */
  minimum(id: number): number {
    return this.#minimums.get(id) ?? 0;
  }

  /** `minimum`: from before the question. */
  read({ id, after, limit }: LedgerQuestion, answer: Ledger, minimum: number, who: string): void {
    this.reads += 1;
    const { items, next } = answer;
    const known = this.#of(id).filter(({ movement }) => movement[0] > after);
    for (const [place, item] of items.entries()) {
      const expected = known[place]?.movement;
      if (expected && isShown(expected, item)) continue;
      this.#report(`I8: ${who} reads movement ${JSON.stringify(item)} of ${id}, not ${expected}`);
      return;
    }
    if (items.length > limit) this.#report(`${who} gets ${items.length} movements, not ${limit}`);
    const last = next ?? items.at(-1)?.number ?? after;
    const isWhole = next === undefined;
    if (isWhole && minimum > last) {
      this.#report(`M5: ${who} reads the ledger of ${id} without movement ${minimum}`);
    }
    const skipped = known.find(({ movement }, place) => {
      return place >= items.length && next !== undefined && movement[0] <= next;
    });
    if (skipped)
      this.#report(
        `M5: ${who} must continue after movement ${skipped.movement}, which it did not get`,
      );
    this.#raise(id, items.at(-1)?.number ?? 0);
  }

  #of(id: number): { readonly movement: Movement; readonly seq: number }[] {
    return this.#byProduct.get(id) ?? [];
  }

  #raise(id: number, number: number): void {
    if (number > this.minimum(id)) this.#minimums.set(id, number);
  }
}

function isShown(known: Movement, shown: LedgerMovement): boolean {
  const [number, , cause, source, delta, reservedDelta, available, reserved, at, note] = known;
  const sources = [shown.order_number, shown.hold_serial, shown.cancellation_number];
  const named = [...sources, shown.restock_number].find((one) => one !== undefined) ?? 0;
  return (
    shown.number === number &&
    named === source &&
    shown.delta === delta &&
    shown.reserved_delta === reservedDelta &&
    shown.balance === available &&
    shown.reserved === reserved &&
    shown.on_hand === available + reserved &&
    movementCauses[shown.cause] === cause &&
    (shown.reason ?? null) === (note?.[0] ?? null) &&
    Date.parse(shown.at) === at
  );
}
