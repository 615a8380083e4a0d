/**
 * What customers were told, and whether all of it can be true: the orders they were given, the
 * refusals, the holds, what is still under way, and for each stock that one of them saw whether the
 * purchases and holds made until then allow it. Holds do not expire meanwhile. Knows no connection.
 */
import type { Held, Placed, Product } from './raw-client.js';

export interface Purchase {
  readonly key: string;
  readonly id: number;
  readonly quantity: number;
}

export interface Sold extends Purchase {
  readonly placed: Placed;
  /** The hold that was confirmed. */
  readonly hold?: string;
}

/** A hold that was opened, by its key, with its end. */
export interface Reserved extends Purchase {
  readonly hold: string;
  end: 'open' | 'confirmed' | 'released';
  order?: number;
}

/** Lower and upper bound of a stock. */
type Bounds = () => readonly [number, number];

export class Ledger {
  readonly sold = new Map<number, Sold>();
  readonly refused: Purchase[] = [];
  /** By id. */
  readonly holds = new Map<string, Reserved>();
  /** One sentence for each thing that cannot be. */
  readonly wrong: string[] = [];
  readonly first: ReadonlyMap<number, Product>;
  readonly #open = new Set<Purchase>();
  readonly #takenById = new Map<number, number>();
  /** Units by product whose release was asked for, and those whose release was answered. */
  readonly #givenById = new Map<number, number>();
  readonly #freedById = new Map<number, number>();
  #answers = 0;
  #waiters: { readonly at: number; readonly resolve: () => void }[] = [];

  constructor(products: readonly Product[]) {
    this.first = new Map(products.map((product) => [product.id, product]));
  }

  /** Resolves when so many more purchases are answered. */
  answersMore(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ at: this.#answers + count, resolve });
    });
  }

  begins(purchase: Purchase): void {
    this.#open.add(purchase);
  }

  isSold(purchase: Purchase, placed: Placed): void {
    this.#sells(purchase, placed);
    add(this.#takenById, purchase.id, purchase.quantity);
    this.#ends(purchase);
  }

  isHeld(purchase: Purchase, held: Held): Reserved {
    const { hold_id: hold, total } = held;
    const other = this.holds.get(hold);
    if (other) this.wrong.push(`hold ${hold} is for ${other.key} and for ${purchase.key}`);
    const cents = this.#costCents(purchase);
    if (Math.round(total * 100) !== cents) {
      this.wrong.push(`hold ${hold} costs ${total} instead of ${cents / 100}`);
    }
    const reserved: Reserved = { ...purchase, hold, end: 'open' };
    this.holds.set(hold, reserved);
    add(this.#takenById, purchase.id, purchase.quantity);
    this.#ends(purchase);
    return reserved;
  }

  isNotHeld(purchase: Purchase): void {
    this.#ends(purchase);
  }

  /** All units of the hold are sold: they were taken before. @param key of the confirmation. */
  isConfirmed(reserved: Reserved, key: string, placed: Placed): void {
    const { id, quantity, hold } = reserved;
    this.#sells({ key, id, quantity, hold }, placed);
    reserved.end = 'confirmed';
    reserved.order = placed.order_number;
  }

  /** From now on the units may be back. */
  releaseBegins(reserved: Reserved): void {
    this.#open.add(reserved);
    add(this.#takenById, reserved.id, -reserved.quantity);
    add(this.#givenById, reserved.id, reserved.quantity);
  }

  isReleased(reserved: Reserved): void {
    reserved.end = 'released';
    add(this.#freedById, reserved.id, reserved.quantity);
    this.#ends(reserved);
  }

  #sells(purchase: Purchase & { readonly hold?: string }, placed: Placed): void {
    const { order_number: number, total } = placed;
    const other = this.sold.get(number);
    if (other) this.wrong.push(`order ${number} is for ${other.key} and for ${purchase.key}`);
    const cents = this.#costCents(purchase);
    if (Math.round(total * 100) !== cents) {
      this.wrong.push(`order ${number} costs ${total} instead of ${cents / 100}`);
    }
    this.sold.set(number, { ...purchase, placed });
  }

  isRefused(purchase: Purchase): void {
    this.refused.push(purchase);
    this.#ends(purchase);
  }

  /** Units of a product in the orders and open holds that were answered. */
  taken(id: number): number {
    return this.#takenById.get(id) ?? 0;
  }

  /** To be called before a look-up is sent; checks what it then finds. */
  watch(id: number): (found: Product) => void {
    const bounds: Bounds = () => {
      const most = this.#first(id).quantity - this.taken(id);
      return [most - this.#underWay(id), most];
    };
    const [, mostBefore] = bounds();
    const [given, freed] = [this.#givenById, this.#freedById].map((units) => units.get(id) ?? 0);
    return ({ quantity }) => {
      // A release under way raises the upper bound, and one that was answered the lower one.
      const most = mostBefore + (this.#givenById.get(id) ?? 0) - (given ?? 0);
      const least = bounds()[0] - (this.#freedById.get(id) ?? 0) + (freed ?? 0);
      if (quantity > most)
        this.wrong.push(`saw ${quantity} of ${id}, but ${most} were left before`);
      if (quantity < least) this.wrong.push(`saw ${quantity} of ${id}, but ${least} must be left`);
    };
  }

  #costCents({ id, quantity }: Purchase): number {
    return Math.round(this.#first(id).price * 100) * quantity;
  }

  #first(id: number): Product {
    const product = this.first.get(id);
    if (!product) throw new Error(`no product ${id}`);
    return product;
  }

  #underWay(id: number): number {
    let sum = 0;
    for (const purchase of this.#open) if (purchase.id === id) sum += purchase.quantity;
    return sum;
  }

  #ends(purchase: Purchase): void {
    this.#open.delete(purchase);
    this.#answers++;
    const due = this.#waiters.filter(({ at }) => at <= this.#answers);
    this.#waiters = this.#waiters.filter(({ at }) => at > this.#answers);
    for (const { resolve } of due) resolve();
  }
}

function add(units: Map<number, number>, id: number, quantity: number): void {
  units.set(id, (units.get(id) ?? 0) + quantity);
}
