/**
 * What a dialect is: the table of an older store's routes over the same operations, in that store's
 * words. It knows no HTTP framework and not where it is mounted. Invariant: every answer has the
 * dialect's own shape, failures that no route foresaw too.
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

/** The cache of this frontend, all its threads together, for the routes that look into it. */
export interface CacheInspection {
  /** No thread serves its copy of the product any more when this resolves. */
  forget(id: number): Promise<void>;
  /** The products that some thread would serve from its cache now. */
  content(): Promise<readonly Product[]>;
}

export interface DialectParts {
  readonly operations: Operations;
  readonly tags: EntityTags;
  readonly cache: CacheInspection;
  readonly draining: () => boolean;
}

/** What is answered in place of failures of some codes. */
export type Failures = Readonly<Partial<Record<ErrorCode, HttpAnswer>>>;

/** How a dialect fails where a route has nothing of its own to say. */
export interface Manners {
  readonly failures: Failures;
  /** The body for everything else, as an unknown path. */
  readonly body: (status: number, message: string) => unknown;
}

export interface Dialect {
  readonly name: DialectName;
  readonly routes: (parts: DialectParts) => readonly HttpRoute[];
  /** Those of the root API where there are none here. */
  readonly manners?: Manners;
}

/** A failure of the root API as the dialect tells it. */
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

/** A line of the table: what the operation refuses becomes the line's own answer. */
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
  /** `buyOne` buys one copy of a product, under the key that the request gives. */
  readonly answer: (call: HttpCall, buyOne: (id: number) => Promise<Placed>) => Promise<HttpAnswer>;
}

/** A line that buys: sent again with its Idempotency-Key, it does not buy again, and says so. */
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
      // The line's own words are for the product; they would tell a bad key as an unknown book.
      idempotencyKeyOf(call.headers);
      return line.answer(call);
    },
  };
}

/** No service could be had: the one answer for it, under each of its codes. */
export function withoutServer(answer: HttpAnswer): Failures {
  return { unavailable: answer, overloaded: answer, deadline_exceeded: answer };
}

const pageItems = 1_000;
const pagesMax = 100;

/** Everything that a search finds, page by page: the older stores knew no pages. */
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
