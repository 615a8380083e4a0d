/**
 * The dialect of pygmy: everything by query, and each answer says how it went under `status` and
 * `validation_code`. A missing parameter is 422, a bad one 400.
 */
import { Type } from 'typebox';
import { BazarError } from '../../base/errors.js';
import type { Params, Product } from '../../wire/schemas.js';
import { validateParams } from '../../wire/validate.js';
import type { HttpAnswer } from '../http-errors.js';
import type { HttpCall } from '../http-route.js';
import { productIdOf } from '../path-values.js';
import { readQuery } from '../query-text.js';
import { type Dialect, dialectRoute, searchAll } from './dialect.js';

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
          orGone(id, async () =>
            items([await operations.lookup({ id: productIdOf(id) }, context)]),
          ),
        ),
    }),
    dialectRoute({
      method: 'GET',
      url: '/buy',
      summary: 'Buys one piece of an item',
      changes: true,
      answer: ({ queryText, context }) =>
        orMissing(parameter(queryText, 'id'), 'id', (text) =>
          orGone(text, async () => {
            const id = productIdOf(text);
            const { order_number } = await operations.buy({ id, quantity: 1 }, context);
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
        orGone(id, async () => items([await operations.lookup({ id: productIdOf(id) }, context)])),
    }),
    dialectRoute({
      method: 'PUT',
      url: '/item/:id',
      summary: 'Sets the cost or the count of an item',
      access: 'admin',
      answer: ({ path: { id = '' }, body, context }) =>
        orGone(id, async () => {
          const change = changeOf(productIdOf(id), body);
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

/** Sold out is gone as well. */
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

/** Nothing in a query is a number before it is checked. */
const asText = Type.Object({});

/** What else stands in the query is passed over. */
function parameter(queryText: string, name: string): string | undefined {
  const value = readQuery(queryText, asText)[name];
  return value === undefined ? undefined : String(value);
}

/** Undefined where nothing is to be changed. */
function changeOf(id: number, body: HttpCall['body']): Params<'update_product'> | undefined {
  const { cost, count } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (cost === undefined && count === undefined) return undefined;
  return validateParams('update_product', {
    id,
    ...(cost === undefined ? {} : { price: cost }),
    ...(count === undefined ? {} : { quantity: count }),
  });
}
