/** `bazar product add|set|stock|adjust|remove`: changes and shows the products. Needs the admin token. */
import { limitLimits } from '../../base/limits.js';
import type { Changed, PurchaseLimit } from '../../wire/schemas.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { given } from '../options/given.js';
import { integer, number, type Option, positional, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { productTable } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { type Command, defineCommand } from '../parsing/command.js';
import { adjust } from './adjust.js';
import { idOf, itemPositional } from './item.js';
import { tellReplay } from './once.js';
import { stock } from './product-stock.js';

const productGroup = { group: 'Product:' };
const anyPrice = { min: 0, max: 1_000_000_000, default: undefined };
const anyStock = { min: 0, max: 1_000_000_000, default: undefined };
const anyVersion = { min: 1, max: Number.MAX_SAFE_INTEGER, default: undefined };

const price = number('Price, with at most two decimals', anyPrice, productGroup);
const topic = text('Topic', undefined, productGroup);
const quantity = integer('Units in stock', anyStock, productGroup);
/** Restocks fill only products that have a target. */
const restockTo = numberOrNone(
  'Stock to which each restock fills it; none: no restock',
  anyStock.max,
);
const purchaseLimit = numberOrNone(
  'Units that one customer may buy; none: any number',
  limitLimits.quantityMax,
);
const limitWindow = numberOrNone(
  'Seconds in which --purchase-limit counts; none: it counts as long as the product has the limit',
  limitLimits.windowSecondsMax,
);
const key = text('Repeats with the same key change nothing', undefined, productGroup);
const ifVersion = integer('Change it only if it has this version', anyVersion, productGroup);

const add = defineCommand({
  usage: 'add <name>',
  describe: 'Add a product',
  examples: [['$0 product add Yo-yo --topic toys --price 4.50 --quantity 100', 'adds a toy']],
  specs: {
    name: positional('Name, unique and not only digits'),
    newId: integer(
      'Id; without it, the store assigns one',
      { min: 1, max: 2 ** 40, default: undefined },
      productGroup,
    ),
    topic,
    price,
    quantity: integer('Units in stock', { ...anyStock, default: 0 }, productGroup),
    restockTo,
    purchaseLimit,
    limitWindow,
    key,
    ...adminSpecs,
  },
  async run(options, io) {
    const { name = '', newId, topic: under, price: costs, quantity: stock } = options;
    if (under === undefined || costs === undefined) {
      throw new UsageError('bazar product add: give --topic and --price');
    }
    const id = newId === undefined ? {} : { id: newId };
    const optional = given({
      restock_to: options.restockTo,
      purchase_limit: readLimit(options),
      key: options.key,
    });
    const product = await withAdmin(options, (client) =>
      client.addProduct({ ...id, name, topic: under, price: costs, quantity: stock, ...optional }),
    );
    return show(product, options.json, io);
  },
});

const set = defineCommand({
  usage: 'set <item>',
  describe: "Change a product's price, stock, topic, restock target or purchase limit",
  examples: [
    ['$0 product set Tux --price 17.90', 'sets the price'],
    ['$0 product set 8 --add 50', 'adds 50 units to the stock'],
    ['$0 product set 8 --restock-to none', 'removes the restock target'],
    ['$0 product set 8 --purchase-limit 2 --limit-window 86400', 'two a day for one customer'],
    ['$0 product set 8 --purchase-limit none', 'removes the purchase limit'],
  ],
  specs: {
    item: itemPositional(),
    price,
    quantity,
    add: integer('Units to add to the stock', anyStock, productGroup),
    topic,
    restockTo,
    purchaseLimit,
    limitWindow,
    ifVersion,
    key,
    ...adminSpecs,
  },
  async run(options, io) {
    const change = given({
      price: options.price,
      quantity: options.quantity,
      add: options.add,
      topic: options.topic,
      restock_to: options.restockTo,
      purchase_limit: readLimit(options),
    });
    if (Object.keys(change).length === 0) {
      throw new UsageError(
        'bazar product set: give --price, --quantity, --add, --topic, --restock-to or --purchase-limit',
      );
    }
    const version = given({ if_version: options.ifVersion, key: options.key });
    const product = await withAdmin(options, async (client) =>
      client.updateProduct({ id: await idOf(client, options.item), ...change, ...version }),
    );
    return show(product, options.json, io);
  },
});

const remove = defineCommand({
  usage: 'remove <item>',
  describe: 'Remove a product; its orders stay',
  examples: [['$0 product remove Yo-yo', 'stops its sale']],
  specs: { item: itemPositional(), ifVersion, key, ...adminSpecs },
  async run(options, io) {
    const version = given({ if_version: options.ifVersion, key: options.key });
    const product = await withAdmin(options, async (client) =>
      client.removeProduct({ id: await idOf(client, options.item), ...version }),
    );
    return show(product, options.json, io);
  },
});

export const product = {
  name: 'product',
  describe: 'Add, change, adjust and remove products (admin)',
  commands: [add, set, stock, adjust, remove] as readonly Command[],
};

/** An integer from 1 on, or null for `none` and for the flag with `--no-` before it. */
function numberOrNone(describe: string, max: number): Option<number | null | undefined> {
  const { settings } = text(describe, undefined, productGroup);
  return {
    settings,
    read(value, label) {
      if (value === undefined) return undefined;
      if (value === 'none' || value === false) return null;
      const read = Number(value);
      if (typeof value !== 'boolean' && Number.isInteger(read) && read >= 1 && read <= max)
        return read;
      throw new UsageError(`${label} must be an integer from 1 to ${max}, or none`);
    },
  };
}

/** Undefined: not given. Null: none. */
function readLimit({
  purchaseLimit: limit,
  limitWindow,
}: {
  readonly purchaseLimit: number | null | undefined;
  readonly limitWindow: number | null | undefined;
}): PurchaseLimit | null | undefined {
  if (typeof limit === 'number') return { quantity: limit, window_seconds: limitWindow ?? null };
  if (limitWindow !== undefined)
    throw new UsageError('--limit-window needs --purchase-limit with a number');
  return limit;
}

async function show(product: Changed, json: boolean, io: Io): Promise<number> {
  tellReplay(product, io);
  if (json) printJson(io, product);
  else {
    const { head, rows } = productTable([product]);
    const target = product.restock_to ?? 'none';
    await printTable(
      io,
      [...head, 'RESTOCK TO'],
      rows.map((row) => [...row, target]),
    );
  }
  return exitCodes.ok;
}
