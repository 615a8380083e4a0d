/**
 * The dialect of pygmy: all parameters are in the query, and each answer reports its outcome under
 * `status` and `validation_code`. A missing parameter is 422, an invalid one 400.
 */
import { Type } from '#typebox';
import { BazarError, toBazarError } from '../../base/errors.js';
import { requestLimits } from '../../base/limits.js';
import { priceToCents } from '../../wire/money.js';
import type { Params, Product } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import type { HttpAnswer } from '../http-errors.js';
import type { HttpCall } from '../http-route.js';
import { productIdOf } from '../path-values.js';
import { readQuery } from '../query-text.js';
import { buyingRoute, type Dialect, dialectRoute, searchAll } from './dialect.js';

export const pygmy: Dialect = {
  name: 'pygmy',
  manners: { failures: {}, body: failed },
  routes: ({ operations }) => [
    dialectRoute({
      method: 'GET',
      url: '/search',
      summary: 'The items of a topic',
      answer: ({ queryText, context }) =>
        orMissing(parameter(queryText, 'topic'), 'topic', async (topic) =>
          items(await searchAll(operations, { topic }, context)),
        ),
    }),
    dialectRoute({
      method: 'GET',
      url: '/lookup',
      summary: 'One item',
      answer: ({ queryText, context }) =>
        orMissing(parameter(queryText, 'id'), 'id', (id) =>
          orGone(id, async () => items([await operations.lookup({ id: itemId(id) }, context)])),
        ),
    }),
    buyingRoute(operations, {
      method: 'GET',
      url: '/buy',
      summary: 'Buys one piece of an item',
      isUnsafe: true,
      answer: ({ queryText }, buyOne) =>
        orMissing(parameter(queryText, 'id'), 'id', (text) =>
          orGone(text, async () => {
            const id = itemId(text);
            const { order_number } = await buyOne(id);
            const message = `Item with id ${id} bought successfully.`;
            return success(200, { message, order: { id: order_number } });
          }),
        ),
    }),
    dialectRoute({
      method: 'GET',
      url: '/item',
      summary: 'All items, or those of a topic',
      async answer({ queryText, context }) {
        const topic = parameter(queryText, 'topic');
        const query = topic === undefined ? { text: '' } : { topic };
        return items(await searchAll(operations, query, context));
      },
    }),
    dialectRoute({
      method: 'GET',
      url: '/item/:id',
      summary: 'One item',
      answer: ({ path: { id = '' }, context }) =>
        orGone(id, async () => items([await operations.lookup({ id: itemId(id) }, context)])),
    }),
    dialectRoute({
      method: 'PUT',
      url: '/item/:id',
      summary: 'Sets the cost or the count of an item',
      access: 'admin',
      answer: ({ path: { id = '' }, body, context }) =>
        orGone(id, async () => {
          const change = changeOf(itemId(id), body);
          if (change === undefined) return unprocessable('cost or count');
          await operations.updateProduct(change, context);
          return success(201, { item: {}, message: {} });
        }),
    }),
  ],
};

function items(products: readonly Product[]): HttpAnswer {
  const item = products.map(({ price, quantity, id, name, topic }) => {
    return { cost: price, count: quantity, id, title: name, topic };
  });
  return success(200, { item, message: {} });
}

function success(status: number, content: Readonly<Record<string, unknown>>): HttpAnswer {
  return { status, body: { ...content, status: 'Success', validation_code: status } };
}

function failed(status: number, message: string): unknown {
  return { message, status: 'Failed', validation_code: status };
}

function unprocessable(name: string): HttpAnswer {
  return { status: 422, body: failed(422, `The parameter ${name} is missing`) };
}

async function orMissing(
  value: string | undefined,
  name: string,
  answer: (value: string) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  return value === undefined ? unprocessable(name) : answer(value);
}

/** A sold-out item is answered as an absent one. */
async function orGone(id: string, answer: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await answer();
  } catch (error) {
    const isGone = error instanceof BazarError && goneCodes.has(error.code);
    if (!isGone) throw error;
    const message = `The item with id ${id} is no longer present in the catalog server`;
    return { status: 404, body: failed(404, message) };
  }
}

const goneCodes: ReadonlySet<string> = new Set(['not_found', 'out_of_stock']);

/** Query values are text before they are checked. */
const asText = Type.Object({});

/** Other query parameters are ignored. */
function parameter(queryText: string, name: string): string | undefined {
  const value = readQuery(queryText, asText)[name];
  return value === undefined ? undefined : String(value);
}

/** Rewords the error: the other API's message speaks of an id in the path. */
function itemId(text: string): number {
  try {
    return productIdOf(text);
  } catch (error) {
    throw inOwnWords(error, 'id must be a positive integer');
  }
}

/** Undefined if the body changes nothing. */
function changeOf(id: number, body: HttpCall['body']): Params<'update_product'> | undefined {
  const { cost, count } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (cost === undefined && count === undefined) return undefined;
  return { id, ...costOf(id, cost), ...countOf(id, count) };
}

function costOf(id: number, cost: unknown): { price?: number } {
  if (cost === undefined) return {};
  try {
    const { price = 0 } = validateParams('update_product', { id, price: cost });
    priceToCents(price);
    return { price };
  } catch (error) {
    const most = requestLimits.priceCentsMax / 100;
    throw inOwnWords(error, `cost must be a number from 0 to ${most} with at most two decimals`);
  }
}

function countOf(id: number, count: unknown): { quantity?: number } {
  if (count === undefined) return {};
  try {
    const { quantity = 0 } = validateParams('update_product', { id, quantity: count });
    return { quantity };
  } catch (error) {
    const most = requestLimits.quantityMax;
    throw inOwnWords(error, `count must be an integer from 0 to ${most}`);
  }
}

function inOwnWords(error: unknown, rule: string): BazarError {
  const { code, message } = toBazarError(error);
  const own = code === 'invalid_argument' ? `The parameter ${rule}` : message;
  return new BazarError(code, own, { cause: error });
}
