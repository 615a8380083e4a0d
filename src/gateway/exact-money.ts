/**
 * Prices and totals of HTTP answers as exact text, beside the numbers, with the store's currency: no client
 * needs floating point. The numbers are multiples of a hundredth, so the text is exact.
 */
import { type TObject, type TProperties, type TSchema, Type } from '#typebox';
import { Cancelled } from '../wire/cancel-schemas.js';
import { Held, Hold, Order, Placed, Product } from '../wire/schemas.js';

const decimals = 2;

/** For example `19.90`. */
export function exactText(amount: number): string {
  return amount.toFixed(decimals);
}

/** Of `Product`, as HTTP shows it. */
export interface ExactPrice {
  readonly price_exact: string;
  readonly currency: string;
}

export function exactProduct<P extends Product>(product: P, currency: string): P & ExactPrice {
  return { ...product, price_exact: exactText(product.price), currency };
}

export interface ExactTotal {
  readonly total_exact: string;
  readonly currency: string;
}

export function exactTotal<T extends { readonly total: number }>(
  of: T,
  currency: string,
): T & ExactTotal {
  return { ...of, total_exact: exactText(of.total), currency };
}

interface Priced {
  readonly total: number;
  readonly lines: readonly { readonly price: number }[];
}

/** An order, a hold or a cancellation. */
export function exactLines<T extends Priced>(of: T, currency: string): T & ExactTotal {
  const lines = of.lines.map((line) => ({ ...line, price_exact: exactText(line.price) }));
  return { ...exactTotal(of, currency), lines };
}

/** The details of a failure, with exact text beside `total` and beside the price of `current`. */
export function exactDetails(
  details: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { total, current } = details;
  if (typeof total === 'number') return { ...details, total_exact: exactText(total) };
  if (!isPriced(current)) return details;
  return { ...details, current: { ...current, price_exact: exactText(current.price) } };
}

function isPriced(value: unknown): value is { readonly price: number } {
  return typeof (value as { price?: unknown } | null | undefined)?.price === 'number';
}

export const Exact = Type.String({ pattern: '^[0-9]+\\.[0-9]{2}$' });
const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.' });
const total = { total_exact: Exact, currency: Currency };
const line = { price_exact: Exact };

/** The `current` product of a failure, which has no currency. */
export const PricedProduct = extended(Product, line);
export const ExactProduct = extended(Product, { price_exact: Exact, currency: Currency });
export const ExactPlaced = extended(Placed, total);
export const ExactOrder = withLines(Order);
export const ExactHeld = withLines(Held);
export const ExactHold = withLines(Hold);
export const ExactCancelled = withLines(Cancelled);

function extended<P extends TProperties, Q extends TProperties>(
  schema: TObject<P>,
  more: Q,
): TObject<P & Q> {
  return Type.Object({ ...schema.properties, ...more }) as unknown as TObject<P & Q>;
}

function withLines(schema: typeof Order | typeof Held | typeof Hold | typeof Cancelled): TSchema {
  const lines = Type.Array(extended(schema.properties.lines.items, line));
  return Type.Object({ ...schema.properties, lines, ...total });
}
