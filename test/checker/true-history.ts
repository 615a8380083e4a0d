/**
 * Histories that happened: customers ask a plain store that does one thing after the other, each at
 * a moment between question and answer, some of them never answered. Shares no code with the
 * checkers. A seed decides everything.
 */
import { type Random, seededRandom } from '../../src/base/random.js';
import type { History, LineWanted, Operation, OrderLine, Seen } from '../../src/checker/types.js';

export interface Shape {
  readonly seed: number;
  readonly items: number;
  readonly processes: number;
  /** Of each process. */
  readonly operations: number;
  readonly stock: number;
  readonly restockTo: number | null;
  /** Share of purchases and changes whose answer is lost. */
  readonly lost: number;
}

interface Shelf {
  version: number;
  stock: number;
  priceCents: number;
}

type Order = { lines: OrderLine[]; totalCents: number };
type Asked = Pick<Operation, 'process' | 'invokedMs' | 'returnedMs'> & { readonly atMs: number };

export function trueHistory(shape: Shape): History {
  return new PlainStore(shape).history();
}

class PlainStore {
  readonly #shape: Shape;
  readonly #random: Random;
  readonly #shelves = new Map<number, Shelf>();
  readonly #orders: Order[] = [];
  readonly #first: Seen[] = [];

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#random = seededRandom(shape.seed);
    for (let id = 1; id <= shape.items; id++) {
      const shelf = {
        version: 1 + this.#random.integer(3),
        stock: shape.stock,
        priceCents: 100 * id,
      };
      this.#shelves.set(id, shelf);
      this.#first.push(this.#seen(id));
    }
  }

  history(): History {
    const { restockTo } = this.#shape;
    const operations = this.#asked().map((asked) => {
      if (restockTo !== null && this.#random.integer(20) === 0) this.#restock(restockTo);
      return this.#serve(asked);
    });
    // As a recorder would write them.
    operations.sort((a, b) => a.returnedMs - b.returnedMs);
    return { first: this.#first, restockTo, bookFrom: null, operations };
  }

  /** In the order in which they are served. */
  #asked(): Asked[] {
    const all: Asked[] = [];
    for (let one = 1; one <= this.#shape.processes; one++) {
      let nowMs = this.#random.fraction();
      for (let i = 0; i < this.#shape.operations; i++) {
        // Now and then somebody waits long.
        const takesMs = this.#random.fraction() * (this.#random.integer(20) === 0 ? 30 : 2);
        const atMs = nowMs + takesMs * this.#random.fraction();
        const returnedMs = nowMs + takesMs;
        all.push({ process: `customer-${one}`, invokedMs: nowMs, returnedMs, atMs });
        nowMs = returnedMs + this.#random.fraction() / 2;
      }
    }
    return all.sort((a, b) => a.atMs - b.atMs);
  }

  #serve({ atMs: _atMs, ...times }: Asked): Operation {
    const dice = this.#random.fraction();
    const id = this.#anyItem();
    const asked = { ...times, ending: 'ok' } as const;
    if (dice < 0.45) return { ...asked, kind: 'look-up', id, result: this.#seen(id) };
    if (dice < 0.5) {
      return {
        ...asked,
        kind: 'search',
        result: [...this.#shelves.keys()].map((one) => this.#seen(one)),
      };
    }
    if (dice < 0.85) return this.#buy(asked);
    if (dice < 0.93) {
      const number = 1 + this.#random.integer(this.#orders.length + 1);
      return { ...asked, kind: 'order', number, result: this.#orders[number - 1] ?? 'not_found' };
    }
    return this.#change(asked, id);
  }

  #buy(asked: Omit<Asked, 'atMs'>): Operation {
    const lines: LineWanted[] = [
      this.#line(),
      ...(this.#random.integer(4) === 0 ? [this.#line()] : []),
    ];
    const key = `${asked.process} ${asked.invokedMs}`;
    const purchase = { ...asked, kind: 'purchase', key, lines } as const;
    if (this.#isLost() && this.#random.integer(2) === 0) return { ...purchase, ending: 'unknown' };
    const result = this.#sellLines(lines);
    if (this.#isLost()) return { ...purchase, ending: 'unknown' };
    return { ...purchase, ending: 'ok', result };
  }

  #sellLines(lines: readonly LineWanted[]) {
    const wanted = new Map<number, number>();
    for (const { id, quantity } of lines) wanted.set(id, (wanted.get(id) ?? 0) + quantity);
    for (const [id, quantity] of wanted) {
      const { stock } = this.#shelf(id);
      if (stock < quantity) return { refused: id, available: stock };
    }
    const sold: OrderLine[] = [];
    for (const [id, quantity] of wanted) {
      const shelf = this.#shelf(id);
      shelf.stock -= quantity;
      shelf.version += 1;
      sold.push({ id, quantity, priceCents: shelf.priceCents });
    }
    const totalCents = sold.reduce((sum, one) => sum + one.quantity * one.priceCents, 0);
    this.#orders.push({ lines: sold, totalCents });
    return { sold: this.#orders.length, totalCents };
  }

  #change(asked: Omit<Asked, 'atMs'>, id: number): Operation {
    const what = [
      { add: 1 + this.#random.integer(5) },
      { quantity: this.#random.integer(10) },
      { priceCents: 50 + this.#random.integer(200) },
    ][this.#random.integer(3)];
    const change = { ...asked, ...what, kind: 'change', id } as const;
    if (this.#isLost() && this.#random.integer(2) === 0) return { ...change, ending: 'unknown' };
    const shelf = this.#shelf(id);
    const before = { ...shelf };
    shelf.stock = what?.quantity ?? shelf.stock + (what?.add ?? 0);
    shelf.priceCents = what?.priceCents ?? shelf.priceCents;
    if (before.stock !== shelf.stock || before.priceCents !== shelf.priceCents) shelf.version += 1;
    if (this.#isLost()) return { ...change, ending: 'unknown' };
    return { ...change, ending: 'ok', result: this.#seen(id) };
  }

  #restock(target: number): void {
    for (const shelf of this.#shelves.values()) {
      if (shelf.stock >= target) continue;
      shelf.stock = target;
      shelf.version += 1;
    }
  }

  #line(): LineWanted {
    return { id: this.#anyItem(), quantity: 1 + this.#random.integer(3) };
  }

  #isLost(): boolean {
    return this.#random.fraction() < this.#shape.lost;
  }

  #anyItem(): number {
    return 1 + this.#random.integer(this.#shape.items);
  }

  #shelf(id: number): Shelf {
    const shelf = this.#shelves.get(id);
    if (!shelf) throw new Error(`no shelf ${id}`);
    return shelf;
  }

  #seen(id: number): Seen {
    const { version, stock: quantity, priceCents } = this.#shelf(id);
    return { id, version, quantity, priceCents };
  }
}
