/**
 * Follows the movements of stock that a catalog records (docs/STOCK.md, M1, M2): they have no gaps, each
 * product's chain ends in its books after every entry, and each has the cause and the source of the command
 * that made it. Knows of the machine only what it shows.
 */
import type { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import type { Book } from '../../../src/catalog/machine/products.js';
import { decode } from '../../../src/wire/codec.js';
import type { CatalogCommand } from '../../../src/wire/internal.js';
import { type Movement, type MovementCause, movementCauses } from '../../../src/wire/movement.js';

type Levels = Pick<Book, 'stock' | 'reserved'>;

/** Numbers of the newest ones. */
interface Lasts {
  readonly sale: number;
  readonly hold: number;
  readonly cancellation: number;
}

const rulesOfLedger = 4;
const { added, sale, hold, release, expiry, adjustment, restock } = movementCauses;
const { cancellation, change, removed, opening } = movementCauses;

/** What a command may cause. */
const causesOf: Readonly<Partial<Record<CatalogCommand[0], readonly MovementCause[]>>> = {
  stock: [added],
  add: [added],
  update: [change],
  adjust: [adjustment],
  remove: [removed],
  keyed: [added, change, adjustment, removed],
  sell: [sale],
  trade: [sale, hold, release, cancellation],
  expire: [expiry],
  restock: [restock],
  rules: [opening],
};

/** Signs of the two differences of each cause; 0: that number does not change. Others may be either. */
const signsOf: Readonly<Partial<Record<MovementCause, readonly (readonly [number, number])[]>>> = {
  [sale]: [
    [-1, 0],
    [0, -1],
  ],
  [hold]: [[-1, 1]],
  // Of a removed product the units leave the books.
  [release]: [
    [1, -1],
    [0, -1],
  ],
  [expiry]: [
    [1, -1],
    [0, -1],
  ],
  [cancellation]: [[1, 0]],
  [restock]: [[1, 0]],
  [added]: [[1, 0]],
  [removed]: [[-1, 0]],
};

export class LedgerModel {
  /** Movement n is at n − 1. */
  readonly all: Movement[] = [];
  readonly #report: (problem: string) => void;
  readonly #levels = new Map<number, Levels>();
  /** Of the entry before. */
  #lasts: Lasts = { sale: 0, hold: 0, cancellation: 0 };

  constructor(report: (problem: string) => void) {
    this.#report = report;
  }

  /** Call it after each entry, with a machine that has just applied it. */
  applied(command: CatalogCommand | undefined, machine: CatalogMachine): void {
    const where = `M1: entry ${machine.appliedSeq} (${command?.[0] ?? 'nothing'})`;
    for (const movement of movementsAfter(machine, this.all.length)) {
      this.#follow(movement, command, where);
      if (!this.#mayName(movement, lastsOf(machine))) {
        this.#report(`${where}: movement ${movement} names what the entry did not do`);
      }
    }
    if (machine.rules >= rulesOfLedger) this.#compare(machine.books(), where);
    this.#lasts = lastsOf(machine);
  }

  #follow(movement: Movement, command: CatalogCommand | undefined, where: string): void {
    const [number, id, cause, source, delta, reservedDelta, stock, reserved] = movement;
    this.all.push(movement);
    if (number !== this.all.length) this.#report(`${where}: movement ${number} leaves a gap`);
    const before = this.#levels.get(id) ?? { stock: 0, reserved: 0 };
    if (before.stock + delta !== stock || before.reserved + reservedDelta !== reserved) {
      this.#report(`${where}: movement ${number} of item ${id} does not follow the one before`);
    }
    this.#levels.set(id, { stock, reserved });
    const mayCause = command && causesOf[command[0]]?.includes(cause);
    const signs = signsOf[cause]?.some(([one, other]) => {
      return Math.sign(delta) === one && Math.sign(reservedDelta) === other;
    });
    if (!mayCause || signs === false || (delta === 0 && reservedDelta === 0)) {
      this.#report(`${where}: movement ${movement} has a cause that it cannot have`);
    }
    if (command?.[0] === 'restock' && source !== command[1]) {
      this.#report(`${where}: movement ${number} names restock ${source}`);
    }
  }

  /** A sale, hold or cancellation of the entry, or a hold from before. */
  #mayName([, , cause, source]: Movement, lasts: Lasts): boolean {
    const isNew = (name: keyof Lasts) => source > this.#lasts[name] && source <= lasts[name];
    if (cause === sale) return isNew('sale');
    if (cause === hold) return isNew('hold');
    if (cause === cancellation) return isNew('cancellation');
    if (cause === release || cause === expiry) return source > 0 && source <= lasts.hold;
    return cause === restock || source === 0;
  }

  #compare(books: readonly Book[], where: string): void {
    for (const { id, stock, reserved } of books) {
      const known = this.#levels.get(id) ?? { stock: 0, reserved: 0 };
      if (known.stock === stock && known.reserved === reserved) continue;
      this.#report(`${where}: the books of item ${id} changed without a movement`);
      this.#levels.set(id, { stock, reserved });
    }
  }
}

function lastsOf({ lastSale, holds, cancellations }: CatalogMachine): Lasts {
  return { sale: lastSale, hold: holds.last, cancellation: cancellations.last };
}

/** All that the machine has recorded after this number. */
function movementsAfter({ movements }: CatalogMachine, after: number): Movement[] {
  const found: Movement[] = [];
  for (let last = after; last < movements.last; ) {
    const [first, count, bytes] = movements.from(last + 1, 1_000) ?? [0, 0, undefined];
    if (bytes === undefined) throw new Error(`movement ${last + 1} is not kept`);
    found.push(...(decode(bytes) as readonly Movement[]).slice(last + 1 - first));
    last = first + count - 1;
  }
  return found;
}
