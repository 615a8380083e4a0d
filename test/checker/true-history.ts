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
  /** Share of purchases, changes and trades whose answer is lost. */
  readonly lost: number;
  /** Share of requests that are holds, ends of holds, cancellations and adjustments; absent: 0. */
  readonly trades?: number;
}

interface Shelf {
  version: number;
  stock: number;
  reserved: number;
  priceCents: number;
}

type Order = { lines: OrderLine[]; totalCents: number };
interface OpenHold {
  readonly name: string;
  readonly lines: readonly OrderLine[];
  /** A customer got its id. */
  readonly isKnown: boolean;
  dueMs: number;
  state: 'open' | 'confirmed' | 'released' | 'expired';
}
type Asked = Pick<Operation, 'process' | 'invokedMs' | 'returnedMs'> & { readonly atMs: number };

type Answered = Omit<Asked, 'atMs'> & { readonly ending: 'ok' };

export function trueHistory(shape: Shape): History {
  return new PlainStore(shape).history();
}

class PlainStore {
  readonly #shape: Shape;
  readonly #random: Random;
  readonly #shelves = new Map<number, Shelf>();
  readonly #orders: Order[] = [];
  readonly #first: Seen[] = [];
  readonly #holds: OpenHold[] = [];
  #cancellations = 0;

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#random = seededRandom(shape.seed);
    for (let id = 1; id <= shape.items; id++) {
      const shelf = {
        version: 1 + this.#random.integer(3),
        stock: shape.stock,
        reserved: 0,
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
      // The stock of a due hold is freed at some later moment.
      for (const hold of this.#holds) {
        const isDue = hold.state === 'open' && hold.dueMs <= asked.atMs;
        if (isDue && this.#random.integer(4) === 0) this.#end(hold, 'expired');
      }
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

  #serve({ atMs, ...times }: Asked): Operation {
    const { trades = 0 } = this.#shape;
    if (trades > 0 && this.#random.fraction() < trades) {
      return this.#trade({ ...times, ending: 'ok' }, atMs);
    }
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
      return { ...asked, kind: 'order', number, result: this.#read(number) };
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

  #trade(asked: Answered, atMs: number): Operation {
    const dice = this.#random.fraction();
    const hold = this.#holds[this.#holds.length - 1 - this.#random.integer(4)];
    if (dice < 0.1) return this.#adjust(asked);
    if (dice < 0.3 && this.#orders.length > 0) return this.#cancel(asked);
    if (dice < 0.55 || !hold?.isKnown) return this.#hold(asked, atMs);
    if (dice < 0.8) return this.#confirm(asked, hold, atMs);
    if (dice < 0.9) return this.#release(asked, hold, atMs);
    return this.#extend(asked, hold, atMs);
  }

  #hold(asked: Answered, atMs: number): Operation {
    const lines = [this.#line(), ...(this.#random.integer(4) === 0 ? [this.#line()] : [])];
    const ttlMs = 1 + this.#random.fraction() * 8;
    const key = `${asked.process} ${asked.invokedMs}`;
    const hold = { ...asked, kind: 'hold', key, lines, endsMs: asked.invokedMs + ttlMs } as const;
    const [isLost, isDone] = [this.#isLost(), this.#random.integer(2) === 0];
    if (isLost && !isDone) return { ...hold, ending: 'unknown' };
    const taken = this.#takeLines(lines);
    if ('refused' in taken)
      return isLost ? { ...hold, ending: 'unknown' } : { ...hold, result: taken };
    for (const { id, quantity } of taken.lines) this.#shelf(id).reserved += quantity;
    const name = `hold ${this.#holds.length + 1}`;
    const opened = { name, lines: taken.lines, dueMs: atMs + ttlMs, isKnown: !isLost };
    this.#holds.push({ ...opened, state: 'open' });
    return isLost ? { ...hold, ending: 'unknown' } : { ...hold, result: { held: name, ...taken } };
  }

  #confirm(asked: Answered, hold: OpenHold, atMs: number): Operation {
    const [first] = hold.lines;
    const isWhole = this.#random.integer(2) === 0 || !first;
    const lines = isWhole ? hold.lines : [{ ...first, quantity: 1 }];
    const part = isWhole ? {} : { lines: lines.map(({ id, quantity }) => ({ id, quantity })) };
    const key = `${asked.process} ${asked.invokedMs}`;
    const confirm = { ...asked, kind: 'confirm', key, hold: hold.name, ...part } as const;
    const ended = this.#ended(hold, atMs);
    if (ended) return { ...confirm, result: { ended } };
    const totalCents = lines.reduce((sum, one) => sum + one.quantity * one.priceCents, 0);
    this.#orders.push({ lines: [...lines], totalCents });
    this.#end(hold, 'confirmed', lines);
    return { ...confirm, result: { sold: this.#orders.length, totalCents } };
  }

  #release(asked: Answered, hold: OpenHold, atMs: number): Operation {
    const key = `${asked.process} ${asked.invokedMs}`;
    const release = { ...asked, kind: 'release', key, hold: hold.name } as const;
    const ended = this.#ended(hold, atMs);
    if (!ended) this.#end(hold, 'released');
    if (this.#isLost()) return { ...release, ending: 'unknown' };
    return { ...release, result: ended ? { ended } : 'done' };
  }

  #extend(asked: Answered, hold: OpenHold, atMs: number): Operation {
    const key = `${asked.process} ${asked.invokedMs}`;
    const place = { ...asked, kind: 'extend', key, hold: hold.name } as const;
    const extend = { ...place, endsMs: asked.invokedMs + 4 };
    const ended = this.#ended(hold, atMs);
    if (!ended) hold.dueMs = Math.max(hold.dueMs, atMs + 4);
    return { ...extend, result: ended ? { ended } : 'done' };
  }

  /** A due hold is expired even before its stock is freed. */
  #ended({ state, dueMs }: OpenHold, atMs: number) {
    if (state !== 'open') return state;
    return dueMs <= atMs ? 'expired' : undefined;
  }

  #end(hold: OpenHold, state: OpenHold['state'], sold: readonly LineWanted[] = []): void {
    hold.state = state;
    for (const { id, quantity } of hold.lines) {
      const shelf = this.#shelf(id);
      const rest = quantity - (sold.find((line) => line.id === id)?.quantity ?? 0);
      shelf.reserved -= quantity;
      shelf.stock += rest;
      if (rest > 0) shelf.version += 1;
    }
  }

  #cancel(asked: Answered): Operation {
    const number = 1 + this.#random.integer(this.#orders.length);
    const restock = this.#random.integer(3) > 0;
    const order = this.#orders[number - 1];
    const open = (order?.lines ?? [])
      .map((line) => ({ ...line, left: line.quantity - (line.cancelled ?? 0) }))
      .filter(({ left }) => left > 0);
    const key = `${asked.process} ${asked.invokedMs}`;
    const [first] = order?.lines ?? [];
    const one =
      first && this.#random.integer(2) === 0 ? [{ id: first.id, quantity: 1 }] : undefined;
    const wanted = one ? { lines: one } : {};
    const cancel = { ...asked, kind: 'cancel', key, number, restock, ...wanted } as const;
    const taken = one ? open.filter(({ id }) => id === one[0]?.id) : open;
    if (taken.length === 0) return { ...cancel, result: 'conflict' };
    const lines = taken.map(({ id, priceCents, left }) => {
      return { id, quantity: one ? 1 : left, priceCents };
    });
    for (const { id, quantity } of lines) {
      const shelf = this.#shelf(id);
      shelf.stock += restock ? quantity : 0;
      shelf.version += restock ? 1 : 0;
    }
    if (order) {
      order.lines = order.lines.map((line) => {
        const units = lines.find(({ id }) => id === line.id)?.quantity ?? 0;
        return units > 0 ? { ...line, cancelled: (line.cancelled ?? 0) + units } : line;
      });
    }
    this.#cancellations += 1;
    const totalCents = lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0);
    if (one && this.#isLost()) return { ...cancel, ending: 'unknown' };
    return { ...cancel, result: { cancelled: this.#cancellations, lines, totalCents } };
  }

  #adjust(asked: Answered): Operation {
    const id = this.#anyItem();
    const shelf = this.#shelf(id);
    const isCount = this.#random.integer(2) === 0;
    const given = isCount
      ? { count: this.#random.integer(12) }
      : { delta: this.#random.integer(9) - 4 };
    const key = `${asked.process} ${asked.invokedMs}`;
    const adjust = { ...asked, kind: 'adjust', key, id, ...given } as const;
    const delta = given.delta ?? (given.count ?? 0) - shelf.stock - shelf.reserved;
    if (shelf.stock + delta < 0) return { ...adjust, result: 'conflict' };
    shelf.stock += delta;
    if (delta !== 0) shelf.version += 1;
    if (this.#isLost()) return { ...adjust, ending: 'unknown' };
    const { version, stock: quantity, reserved } = shelf;
    return { ...adjust, result: { delta, version, quantity, reserved } };
  }

  #read(number: number): Order | 'not_found' {
    const order = this.#orders[number - 1];
    return order ? { ...order, lines: [...order.lines] } : 'not_found';
  }

  #sellLines(lines: readonly LineWanted[]) {
    const taken = this.#takeLines(lines);
    if ('refused' in taken) return taken;
    this.#orders.push(taken);
    return { sold: this.#orders.length, totalCents: taken.totalCents };
  }

  #takeLines(
    lines: readonly LineWanted[],
  ): Order | { readonly refused: number; readonly available: number } {
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
    return { lines: sold, totalCents };
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
