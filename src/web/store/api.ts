/**
 * The store's HTTP routes that the page uses: paths, headers and the shape of failures, without view or
 * state.
 */
import type { Answer } from '../model/catalogue.js';
import type { PurchaseReply } from '../model/purchase.js';
import type { Audit, Order, Status } from '../model/shapes.js';

const requestTimeoutMs = 8_000;
/** Recomputing the books reads every log. */
const auditTimeoutMs = 60_000;

export const json = { 'content-type': 'application/json' } as const;

export class ApiError extends Error {
  /** 0 if no answer arrived. */
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

export interface Search {
  readonly text: string;
  readonly topic: string | undefined;
  readonly after?: number | undefined;
  /** Products wanted; the default is one page. */
  readonly limit?: number | undefined;
}

export const pageSize = 100;
/** The store returns no more at once. */
const pageMax = 1_000;

export function searchProducts(search: Search, signal?: AbortSignal): Promise<Answer> {
  const limit = Math.min(Math.max(search.limit ?? 0, pageSize), pageMax);
  const query = new URLSearchParams({ limit: String(limit) });
  if (search.text !== '') query.set('text', search.text);
  if (search.topic !== undefined) query.set('topic', search.topic);
  if (search.after !== undefined) query.set('after', String(search.after));
  return getJson(`/products?${query}`, signal ? { signal } : {}) as Promise<Answer>;
}

export interface Basket {
  readonly id: number;
  readonly quantity: number;
  /** For a product with a purchase limit. */
  readonly customer?: string;
}

/** One attempt to buy; rejects if no answer arrived. */
export function sendPurchase(basket: Basket, key: string): Promise<PurchaseReply> {
  return post('/orders', basket, key);
}

/** One attempt each, as for a purchase. */
export function sendHold(
  { id, quantity, ...terms }: Basket,
  seconds: number,
  key: string,
): Promise<PurchaseReply> {
  return post('/holds', { lines: [{ id, quantity }], ttl_seconds: seconds, ...terms }, key);
}

export function sendConfirm(hold: string, key: string): Promise<PurchaseReply> {
  return post(`/holds/${hold}/confirm`, undefined, key);
}

export function sendRelease(hold: string, key: string): Promise<PurchaseReply> {
  return post(`/holds/${hold}/release`, undefined, key);
}

async function post(path: string, body: unknown, key: string): Promise<PurchaseReply> {
  const response = await request(path, {
    method: 'POST',
    headers: { ...(body !== undefined && json), 'idempotency-key': key },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

export async function readOrder(number: number): Promise<Order> {
  return dataOf(await getJson(`/orders/${number}`)) as Order;
}

export async function readStatus(): Promise<Status> {
  return dataOf(await getJson('/status')) as Status;
}

export async function readAudit(token: string): Promise<Audit> {
  const headers: HeadersInit = token === '' ? {} : { authorization: `Bearer ${token}` };
  return dataOf(await getJson('/audit', { headers }, auditTimeoutMs)) as Audit;
}

export async function demonstrate(command: 'kill' | 'start', name: string): Promise<void> {
  // The store refuses a kill without this header, which a form of another site cannot send.
  const headers = { ...json, 'x-bazar-demo': '1' };
  await answered(`/demo/${command}`, { method: 'POST', headers, body: JSON.stringify({ name }) });
}

/** Whether this frontend lets visitors kill replicas and shows the books to everybody. */
export const isDemo = isOn('bazar-demo');

/** Whether this frontend gives the administrator's rights to everyone. */
export const isOpenAdmin = isOn('bazar-open-admin');

function isOn(mark: string): boolean {
  return document.querySelector(`meta[name="${mark}"]`)?.getAttribute('content') === 'on';
}

/** Random enough for a key; also works on a page without TLS. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export async function getJson(
  path: string,
  init: RequestInit = {},
  timeoutMs = requestTimeoutMs,
): Promise<unknown> {
  return (await answered(path, init, timeoutMs)).json();
}

/** Rejects with the store's own message if it refused. */
export async function answered(
  path: string,
  init: RequestInit = {},
  timeoutMs = requestTimeoutMs,
): Promise<Response> {
  const response = await request(path, init, timeoutMs);
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  const { error } = (body ?? {}) as { error?: { message?: unknown } };
  throw new ApiError(response.status, String(error?.message ?? `status ${response.status}`));
}

async function request(
  path: string,
  init: RequestInit,
  timeoutMs = requestTimeoutMs,
): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = init.signal ? [init.signal, timeout] : [timeout];
  try {
    return await fetch(path, { ...init, signal: anyOf(signals) });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'the store does not answer', cause);
  }
}

/** AbortSignal.any, which older browsers lack. */
function anyOf(signals: readonly AbortSignal[]): AbortSignal {
  const both = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) both.abort();
    signal.addEventListener('abort', () => both.abort(), { once: true });
  }
  return both.signal;
}

export function dataOf(body: unknown): unknown {
  return (body as { data?: unknown } | null)?.data;
}
