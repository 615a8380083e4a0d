/**
 * What customers were told, and whether all of it can be true: the orders they were given, the
 * refusals, what is still under way, and for each stock that one of them saw whether the purchases
 * made until then allow it. Knows no connection.
 */
import type { Placed, Product } from './raw-client.js';

export interface Purchase {
  readonly key: string;
  readonly id: number;
  readonly quantity: number;
}

export interface Sold extends Purchase {
  readonly placed: Placed;
}

/** Lower and upper bound of a stock. */
type Bounds = () => readonly [number, number];

export class Ledger {
  readonly sold = new Map<number, Sold>();
  readonly refused: Purchase[] = [];
  /** One sentence for each thing that cannot be. */
  readonly wrong: string[] = [];
  readonly first: ReadonlyMap<number, Product>;
  readonly #open = new Set<Purchase>();
  readonly #takenById = new Map<number, number>();
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
    const { order_number: number, total } = placed;
    const other = this.sold.get(number);
    if (other) this.wrong.push(`order ${number} is for ${other.key} and for ${purchase.key}`);
    const cents = Math.round(this.#first(purchase.id).price * 100) * purchase.quantity;
    if (Math.round(total * 100) !== cents) {
      this.wrong.push(`order ${number} costs ${total} instead of ${cents / 100}`);
    }
    this.sold.set(number, { ...purchase, placed });
    this.#takenById.set(purchase.id, this.taken(purchase.id) + purchase.quantity);
    this.#ends(purchase);
  }

  isRefused(purchase: Purchase): void {
    this.refused.push(purchase);
    this.#ends(purchase);
  }

  /** Units of a product in the orders that were answered. */
  taken(id: number): number {
    return this.#takenById.get(id) ?? 0;
  }

  /** To be called before a look-up is sent; checks what it then finds. */
  watch(id: number): (found: Product) => void {
    const bounds: Bounds = () => {
      const most = this.#first(id).quantity - this.taken(id);
      return [most - this.#underWay(id), most];
    };
    const [, most] = bounds();
    return ({ quantity }) => {
      const [least] = bounds();
      if (quantity > most)
        this.wrong.push(`saw ${quantity} of ${id}, but ${most} were left before`);
      if (quantity < least) this.wrong.push(`saw ${quantity} of ${id}, but ${least} must be left`);
    };
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
