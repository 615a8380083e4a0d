/**
 * The fields of a product as a form has them, and the requests made of them. Pure. An empty field of a
 * target or a limit means none.
 */
import type { Product, PurchaseLimit } from './shapes.js';

export interface ProductFields {
  readonly name: string;
  readonly topic: string;
  readonly price: string;
  readonly quantity: string;
  readonly restockTo: string;
  readonly limit: string;
  readonly limitWindow: string;
}

export const emptyFields: ProductFields = {
  name: '',
  topic: '',
  price: '',
  quantity: '0',
  restockTo: '',
  limit: '',
  limitWindow: '',
};

export function fieldsOf(product: Product): ProductFields {
  const { name, topic, quantity, restock_to: target, purchase_limit: limit } = product;
  return {
    name,
    topic,
    price: product.price_exact ?? product.price.toFixed(2),
    quantity: String(quantity),
    restockTo: textOf(target),
    limit: textOf(limit?.quantity),
    limitWindow: textOf(limit?.window_seconds ?? undefined),
  };
}

/** The body of a new product. */
export function additionOf(fields: ProductFields): Readonly<Record<string, unknown>> {
  const { name, topic, price, quantity } = fields;
  const target = numberOf(fields.restockTo);
  const limit = limitOf(fields);
  return {
    ...{ name, topic, price: Number(price), quantity: Number(quantity) },
    ...(target !== null && { restock_to: target }),
    ...(limit !== null && { purchase_limit: limit }),
  };
}

/** The fields that differ from the product. */
export function changesOf(
  fields: ProductFields,
  product: Product,
): Readonly<Record<string, unknown>> {
  const before = fieldsOf(product);
  const isChanged = (name: keyof ProductFields): boolean => fields[name] !== before[name];
  return {
    ...(isChanged('topic') && { topic: fields.topic }),
    ...(isChanged('price') && { price: Number(fields.price) }),
    ...(isChanged('quantity') && { quantity: Number(fields.quantity) }),
    ...(isChanged('restockTo') && { restock_to: numberOf(fields.restockTo) }),
    ...((isChanged('limit') || isChanged('limitWindow')) && { purchase_limit: limitOf(fields) }),
  };
}

/** Sold out, or below the quantity to which restocks fill it. */
export function isLow({ quantity, restock_to: target = 0 }: Product): boolean {
  return quantity === 0 || quantity < target;
}

function limitOf({ limit, limitWindow }: ProductFields): PurchaseLimit | null {
  const quantity = numberOf(limit);
  return quantity === null ? null : { quantity, window_seconds: numberOf(limitWindow) };
}

function numberOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

function textOf(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}
