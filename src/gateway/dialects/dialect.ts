/**
 * A dialect: an older store's table of routes over the same operations, with that store's messages.
 * Does not depend on the HTTP framework or on the mount path. Invariant: every answer has the
 * dialect's own shape, including unforeseen failures.
 */

import { type ErrorCode, toBazarError } from '../../base/errors.js';
import type { Operations, RequestContext } from '../../frontend/types.js';
import type { Placed, Product } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import type { DialectName } from '../dialect-names.js';
import type { EntityTags } from '../entity-tags.js';
import type { HttpAnswer } from '../http-errors.js';
import type { HttpCall, HttpRoute } from '../http-route.js';
import { replayMark } from '../order-routes.js';
import { idempotencyKeyOf, purchaseContext } from '../request-headers.js';

/** The cache of this frontend, across all its threads, for the routes that inspect it. */
export interface CacheInspection {
  /** Resolves when no thread serves its copy of the product. */
  forget(id: number): Promise<void>;
  /** The products that any thread would serve from its cache now. */
  content(): Promise<readonly Product[]>;
}

export interface DialectParts {
  readonly operations: Operations;
  readonly tags: EntityTags;
  readonly cache: CacheInspection;
  readonly draining: () => boolean;
}

/** Answers that replace failures with certain codes. */
export type Failures = Readonly<Partial<Record<ErrorCode, HttpAnswer>>>;

/** The shape of failures without an answer of the route's own. */
export interface Manners {
  readonly failures: Failures;
  /** The body of all other failures, such as an unknown path. */
  readonly body: (status: number, message: string) => unknown;
}

export interface Dialect {
  readonly name: DialectName;
  readonly routes: (parts: DialectParts) => readonly HttpRoute[];
  /** Undefined for the failure shape of the root API. */
  readonly manners?: Manners;
}

/** Converts a failure of the root API to the dialect's shape. */
export function inManners(
  manners: Manners | undefined,
  failure: HttpAnswer,
  code?: ErrorCode,
): HttpAnswer {
  if (!manners) return failure;
  const own = code === undefined ? undefined : manners.failures[code];
  const headers = { ...failure.headers, ...own?.headers };
  if (own) return { ...own, ...(code && { code }), headers };
  const { error } = failure.body as { readonly error: { readonly message: string } };
  return { ...failure, body: manners.body(failure.status, error.message) };
}

export interface DialectRoute extends Omit<HttpRoute, 'access' | 'operation'> {
  readonly access?: HttpRoute['access'];
  readonly failures?: Failures;
}

/** A route of the table; `failures` replaces refusals of the operation. */
export function dialectRoute(spec: DialectRoute): HttpRoute {
  const { failures = {}, access = 'public', ...route } = spec;
  return {
    ...route,
    access,
    answer: (call) =>
      route.answer(call).catch((error: unknown) => {
        const answer = failures[toBazarError(error).code];
        if (answer) return answer;
        throw error;
      }),
  };
}

export interface BuyingRoute extends Omit<DialectRoute, 'answer'> {
  /** `buyOne` buys one copy of a product, under the request's idempotency key. */
  readonly answer: (call: HttpCall, buyOne: (id: number) => Promise<Placed>) => Promise<HttpAnswer>;
}

/**
 * A route that buys. A repeat with the same Idempotency-Key does not buy again, and its answer says
 * so.
 */
export function buyingRoute(operations: Operations, { answer, ...spec }: BuyingRoute): HttpRoute {
  const line = dialectRoute({
    ...spec,
    async answer(call) {
      const key = idempotencyKeyOf(call.headers);
      let mark: HttpAnswer['headers'] = {};
      const told = await answer(call, async (id) => {
        const purchase = { id, quantity: 1, ...(key === undefined ? {} : { key }) };
        const context = purchaseContext(call.headers, call.context);
        const placed = await operations.buy(purchase, context);
        mark = replayMark(placed);
        return placed;
      });
      return { ...told, headers: { ...told.headers, ...mark } };
    },
  });
  return {
    ...line,
    async answer(call) {
      // Checked first: the route's own failures are about the product, and would report a bad key
      // as an unknown book.
      idempotencyKeyOf(call.headers);
      return line.answer(call);
    },
  };
}

/** Maps every code for unreachable services to one answer. */
export function withoutServer(answer: HttpAnswer): Failures {
  return { unavailable: answer, overloaded: answer, deadline_exceeded: answer };
}

const pageItems = 1_000;
const pagesMax = 100;

/** All results of a search, across pages: the older stores had no pages. */
export async function searchAll(
  operations: Operations,
  query: { readonly topic: string | undefined } | { readonly text: string },
  context: RequestContext,
): Promise<Product[]> {
  const found: Product[] = [];
  let after = 0;
  for (let page = 0; page < pagesMax; page++) {
    const wanted = validateParams('search', { ...query, limit: pageItems, after });
    const { items, next } = await operations.search(wanted, context);
    found.push(...items);
    if (next === undefined) break;
    after = next;
  }
  return found;
}
