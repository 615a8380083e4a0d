/** `bazar product add|set|remove`: changes the products. Needs the admin token. */
import type { BazarClient } from '../../client/bazar-client.js';
import type { Changed } from '../../wire/schemas.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { integer, number, positional, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { productHead, productRow } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { type Command, defineCommand } from '../parsing/command.js';
import { type Item, itemPositional } from './item.js';

const productGroup = { group: 'Product:' };
const anyPrice = { min: 0, max: 1_000_000_000, default: undefined };
const anyStock = { min: 0, max: 1_000_000_000, default: undefined };
const anyVersion = { min: 1, max: Number.MAX_SAFE_INTEGER, default: undefined };

const price = number('Price, with at most two decimals', anyPrice, productGroup);
const topic = text('Topic', undefined, productGroup);
const quantity = integer('Units in stock', anyStock, productGroup);
/** Restocks fill only products that have a target. */
const restockTo = text(
  'Stock to which each restock fills it; none: no restock',
  undefined,
  productGroup,
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
    key,
    ...adminSpecs,
  },
  async run(options, io) {
    const { name = '', newId, topic: under, price: costs, quantity: stock } = options;
    if (under === undefined || costs === undefined) {
      throw new UsageError('bazar product add: give --topic and --price');
    }
    const id = newId === undefined ? {} : { id: newId };
    const target = given({ restock_to: readTarget(options.restockTo), key: options.key });
    const product = await withAdmin(options, (client) =>
      client.addProduct({ ...id, name, topic: under, price: costs, quantity: stock, ...target }),
    );
    return show(product, options.json, io);
  },
});

const set = defineCommand({
  usage: 'set <item>',
  describe: "Change a product's price, stock, topic or restock target",
  examples: [
    ['$0 product set Tux --price 17.90', 'sets the price'],
    ['$0 product set 8 --add 50', 'adds 50 units to the stock'],
    ['$0 product set 8 --restock-to none', 'removes the restock target'],
  ],
  specs: {
    item: itemPositional(),
    price,
    quantity,
    add: integer('Units to add to the stock', anyStock, productGroup),
    topic,
    restockTo,
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
      restock_to: readTarget(options.restockTo),
    });
    if (Object.keys(change).length === 0) {
      throw new UsageError(
        'bazar product set: give --price, --quantity, --add, --topic or --restock-to',
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
  describe: 'Add, change and remove products (admin)',
  commands: [add, set, remove] as readonly Command[],
};

async function idOf(client: BazarClient, item: Item): Promise<number> {
  return 'id' in item ? item.id : (await client.lookup(item)).id;
}

/** Undefined: not given. Null: none. */
function readTarget(value: string | undefined): number | null | undefined {
  if (value === undefined || value === 'none') return value && null;
  const target = Number(value);
  if (Number.isInteger(target) && target >= 1 && target <= anyStock.max) return target;
  throw new UsageError(`--restock-to must be an integer from 1 to ${anyStock.max}, or none`);
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the fields that have a value. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}

async function show(product: Changed, json: boolean, io: Io): Promise<number> {
  if (product.replayed === true)
    io.err('this key was used before: the store repeats its first answer\n');
  if (json) printJson(io, product);
  else {
    const row = [...productRow(product), product.restock_to ?? 'none'];
    await printTable(io, [...productHead, 'RESTOCK TO'], [row]);
  }
  return exitCodes.ok;
}
