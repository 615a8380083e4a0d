/**
 * The administrator's token, which all views share, and the routes that need it. The token is kept only
 * while the page is open; a token that the store refuses is dropped.
 */
import type { LedgerPage } from '../model/ledger.js';
import type { Adjusted, Cancelled, Order, Product, StockLevels } from '../model/shapes.js';
import { ApiError, answered, dataOf, json } from './api.js';
import { cell } from './cell.js';

/** Empty: none was given yet. */
export const adminToken = cell('');

const ledgerPageSize = 50;

export interface OrderPage {
  readonly data: readonly Order[];
  readonly next?: number;
}

/** Keeps the token if the store accepts it; rejects otherwise. */
export async function giveToken(token: string): Promise<void> {
  await asAdmin('/orders?limit=1', {}, token);
  adminToken.set(token);
}

export async function readOrders(query: URLSearchParams): Promise<OrderPage> {
  return (await (await asAdmin(`/orders?${query}`)).json()) as OrderPage;
}

/** Undefined: no order has this number. */
export async function findOrder(number: number): Promise<Order | undefined> {
  try {
    return (await dataFrom(`/orders/${number}`)) as Order;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

export async function addProduct(fields: unknown, key: string): Promise<Product> {
  return (await dataFrom('/products', change('POST', fields, key))) as Product;
}

/** With a version, only if the product still has it. */
export async function updateProduct(
  { id, fields, version }: { id: number; fields: unknown; version: number | undefined },
  key: string,
): Promise<Product> {
  const condition = version === undefined ? {} : { 'if-match': `"${version}"` };
  const init = change('PATCH', fields, key, condition);
  return (await dataFrom(`/products/${id}`, init)) as Product;
}

export async function adjustStock(id: number, fields: unknown, key: string): Promise<Adjusted> {
  return (await dataFrom(`/products/${id}/adjustments`, change('POST', fields, key))) as Adjusted;
}

export async function cancelOrder(
  number: number,
  fields: unknown,
  key: string,
): Promise<Cancelled> {
  return (await dataFrom(
    `/orders/${number}/cancellations`,
    change('POST', fields, key),
  )) as Cancelled;
}

export async function readLevels(id: number): Promise<StockLevels> {
  return (await dataFrom(`/products/${id}/stock`)) as StockLevels;
}

export async function readLedger(id: number, after: number): Promise<LedgerPage> {
  const query = `after=${after}&limit=${ledgerPageSize}`;
  return (await (await asAdmin(`/products/${id}/ledger?${query}`)).json()) as LedgerPage;
}

/** The routes that not every build of the store has. */
export type Extra = 'cancellations' | 'ledger' | 'stock';

const pathOf: Readonly<Record<Extra, RegExp>> = {
  cancellations: /^\/orders\/\{\w+\}\/cancellations$/,
  ledger: /^\/products\/\{\w+\}\/ledger$/,
  stock: /^\/products\/\{\w+\}\/stock$/,
};

let paths: Promise<readonly string[]> | undefined;

/** Looks into the store's own description, because a browser reports a request that fails. */
export async function hasRoute(route: Extra): Promise<boolean> {
  paths ??= readPaths();
  const known = await paths.catch(() => {
    paths = undefined;
    return [];
  });
  return known.some((path) => pathOf[route].test(path));
}

async function readPaths(): Promise<readonly string[]> {
  const document = (await (await answered('/openapi.json')).json()) as { paths?: object };
  return Object.keys(document.paths ?? {});
}

function change(
  method: string,
  body: unknown,
  key: string,
  more: Readonly<Record<string, string>> = {},
): RequestInit {
  const headers = { ...json, 'idempotency-key': key, ...more };
  return { method, headers, body: JSON.stringify(body) };
}

async function dataFrom(path: string, init?: RequestInit): Promise<unknown> {
  return dataOf(await (await asAdmin(path, init)).json());
}

async function asAdmin(
  path: string,
  init: RequestInit = {},
  token = adminToken.get(),
): Promise<Response> {
  const headers = { ...init.headers, ...(token !== '' && { authorization: `Bearer ${token}` }) };
  try {
    return await answered(path, { ...init, headers });
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      if (adminToken.get() === token) adminToken.set('');
    }
    throw error;
  }
}
