/**
 * The orders that the store acknowledged to a load client. At the end each is compared with the
 * stored order. Money is compared in cents. Uses neither clients nor time.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import type { Order } from '../../wire/schemas.js';
import { UsageError } from '../output/exit-codes.js';

/** An acknowledged order: bought by name or by id, for this total. */
export interface Acknowledged {
  readonly number: number;
  readonly id: number;
  readonly name: string;
  readonly quantity: number;
  readonly total: number;
  readonly key: string;
}

export class OrderLedger {
  readonly #orders = new Map<number, Acknowledged>();
  readonly #mismatches: string[] = [];
  readonly #file: string | undefined;

  /** @param file gets a JSON line for each order, as soon as it is acknowledged. */
  constructor(file?: string) {
    this.#file = file;
  }

  get size(): number {
    return this.#orders.size;
  }

  get orders(): readonly Acknowledged[] {
    return [...this.#orders.values()];
  }

  /** One sentence for each difference from the acknowledged order. */
  get mismatches(): readonly string[] {
    return this.#mismatches;
  }

  acknowledge(order: Acknowledged): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(order)}\n`);
    const first = this.#orders.get(order.number);
    if (first === undefined) this.#orders.set(order.number, order);
    else if (first.key !== order.key) {
      this.#mismatches.push(
        `order ${order.number} was acknowledged twice: for ${describe(first)} and for ${describe(order)}`,
      );
    }
  }

  /** Compares an order with the stored order of this number; undefined: the store has none. */
  compare(order: Acknowledged, found: Order | undefined): void {
    for (const difference of differences(order, found)) {
      this.#mismatches.push(`order ${order.number}: ${difference}`);
    }
  }
}

function differences(order: Acknowledged, found: Order | undefined): string[] {
  if (found === undefined) return ['it was acknowledged, but the order book does not have it'];
  const [line] = found.lines;
  const checks: readonly (readonly [string, unknown, unknown])[] = [
    ['number', order.number, found.number],
    ['lines', 1, found.lines.length],
    ['product', order.id, line?.id],
    ['name', order.name, found.name],
    ['quantity', order.quantity, found.quantity],
    ['total', cents(order.total), cents(found.total)],
    ['sum of the lines', cents(order.total), cents((line?.price ?? 0) * (line?.quantity ?? 0))],
  ];
  return checks
    .filter(([, told, is]) => told !== is)
    .map(([what, told, is]) => `its ${what} was acknowledged as ${told} and is ${is}`);
}

/** The nearest whole number of cents. */
export function cents(amount: number): number {
  return Math.round(amount * 100);
}

function describe({ quantity, name, key }: Acknowledged): string {
  return `${quantity} × ${name} (key ${key})`;
}

/** Reads the ledger file of an earlier run. */
export function readOrdersFile(path: string): Acknowledged[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, i) => {
    const order = parse(line);
    if (order) return order;
    throw new UsageError(`${path}, line ${i + 1}: this is not an acknowledged order`);
  });
}

function parse(line: string): Acknowledged | undefined {
  try {
    const { number, id, name, quantity, total, key } = JSON.parse(line);
    const numbers = [number, id, quantity, total].every((one) => typeof one === 'number');
    if (!numbers || typeof name !== 'string' || typeof key !== 'string') return undefined;
    return { number, id, name, quantity, total, key };
  } catch {
    return undefined;
  }
}
