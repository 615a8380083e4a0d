/** `bazar hold open|show|confirm|release|extend`: reserves a product for a while (docs/STOCK.md). */
import { holdLimits, requestLimits } from '../../base/limits.js';
import type { BazarClient } from '../../client/bazar-client.js';
import type { Hold, Params } from '../../wire/schemas.js';
import { clientSpecs, withClient } from '../options/client-options.js';
import { given } from '../options/given.js';
import { integer, type Option, positional, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { type Cell, money, printJson, printTable } from '../output/output.js';
import { type Command, defineCommand } from '../parsing/command.js';
import { orderSpecs, showPlaced } from './buy.js';
import { once, tellReplay } from './once.js';

const holdGroup = { group: 'Hold:' };

const ttl = integer(
  'Seconds until the hold ends',
  { min: 1, max: holdLimits.ttlSecondsMax, default: undefined },
  holdGroup,
);
const key = text('Repeats with the same key have no effect', undefined, {
  ...holdGroup,
  defaultDescription: 'a new one',
});

const open = defineCommand({
  usage: 'open <item>',
  describe: 'Reserve units of a product',
  examples: [['$0 hold open Tux -n 2 --ttl 600', 'two units, for ten minutes']],
  specs: {
    ...orderSpecs,
    ttl,
    reference: text('Text that the hold keeps', undefined, holdGroup),
    ...clientSpecs,
  },
  async run(options, io) {
    const { item, quantity, customer, expectedTotal, reference } = options;
    const seconds = required(options.ttl, 'open');
    const terms = given({ customer, expected_total: expectedTotal, reference });
    const wanted = { lines: [{ ...item, quantity }], ttl_seconds: seconds, ...terms };
    const held = await withClient(options, (client) =>
      once({ noun: 'hold', verb: 'reserves' }, options.key, (key) =>
        client.hold({ ...wanted, key }),
      ),
    );
    if (options.json) printJson(io, held);
    else {
      const row = [held.hold_id, money(held.total), held.expires_at];
      await printTable(io, ['HOLD', 'TOTAL', 'EXPIRES AT'], [row]);
      tellReplay(held, io);
    }
    return exitCodes.ok;
  },
});

const show = defineCommand({
  usage: 'show <id>',
  describe: 'Show a hold, open or ended less than a day ago',
  examples: [['$0 hold show 0f8fad5bd9cb469fa165708a7e3c5d41', 'its lines, and when it ends']],
  specs: { id: holdPositional(), ...clientSpecs },
  async run(options, io) {
    const hold = await withClient(options, (client) => client.readHold(options.id));
    if (options.json) printJson(io, hold);
    else await printTable(io, holdHead, holdRows(hold));
    return exitCodes.ok;
  },
});

const confirm = defineCommand({
  usage: 'confirm <id>',
  describe: 'Make an order of a hold',
  examples: [
    ['$0 hold confirm 0f8fad5bd9cb469fa165708a7e3c5d41', 'buys all that is held'],
    ['$0 hold confirm 0f8fad5bd9cb469fa165708a7e3c5d41 -n 1', 'buys one unit, releases the others'],
  ],
  specs: {
    id: holdPositional(),
    quantity: integer(
      'Units to buy, of a hold of one product; the others are released',
      { min: 1, max: requestLimits.purchaseQuantityMax, default: undefined },
      { ...holdGroup, alias: 'n', defaultDescription: 'all' },
    ),
    key,
    ...clientSpecs,
  },
  async run(options, io) {
    const { id, quantity } = options;
    const placed = await withClient(options, async (client) => {
      const part = quantity === undefined ? {} : await partOf(client, id, quantity);
      return once({ noun: 'purchase', verb: 'buys' }, options.key, (key) =>
        client.confirmHold({ id, ...part, key }),
      );
    });
    return showPlaced(placed, options.json, io);
  },
});

const release = defineCommand({
  usage: 'release <id>',
  describe: 'Give up a hold',
  examples: [['$0 hold release 0f8fad5bd9cb469fa165708a7e3c5d41', 'its units can be sold again']],
  specs: { id: holdPositional(), key, ...clientSpecs },
  async run(options, io) {
    const { id } = options;
    const released = await withClient(options, (client) =>
      once({ noun: 'release', verb: 'releases' }, options.key, (key) =>
        client.releaseHold({ id, key }),
      ),
    );
    if (options.json) printJson(io, released);
    else {
      await printTable(io, ['HOLD', 'STATUS'], [[released.hold_id, released.status]]);
      tellReplay(released, io);
    }
    return exitCodes.ok;
  },
});

const extend = defineCommand({
  usage: 'extend <id>',
  describe: 'Let a hold end later',
  examples: [['$0 hold extend 0f8fad5bd9cb469fa165708a7e3c5d41 --ttl 600', 'in ten minutes']],
  specs: { id: holdPositional(), ttl, key, ...clientSpecs },
  async run(options, io) {
    const { id } = options;
    const seconds = required(options.ttl, 'extend');
    const extended = await withClient(options, (client) =>
      once({ noun: 'extension', verb: 'extends' }, options.key, (key) =>
        client.extendHold({ id, ttl_seconds: seconds, key }),
      ),
    );
    if (options.json) printJson(io, extended);
    else {
      const row = [extended.hold_id, extended.expires_at];
      await printTable(io, ['HOLD', 'EXPIRES AT'], [row]);
      tellReplay(extended, io);
    }
    return exitCodes.ok;
  },
});

export const hold = {
  name: 'hold',
  describe: 'Reserve products, and confirm, release or extend a hold',
  commands: [open, show, confirm, release, extend] as readonly Command[],
};

function holdPositional(): Option<string> {
  const { settings, read } = positional('A hold: its id');
  return {
    settings,
    read(value, label) {
      const id = (read(value, label) ?? '').toLowerCase();
      if (!/^[0-9a-f]{32}$/.test(id)) throw new UsageError(`${id} is not the id of a hold`);
      return id;
    },
  };
}

function required(seconds: number | undefined, command: string): number {
  if (seconds !== undefined) return seconds;
  throw new UsageError(`bazar hold ${command}: give --ttl`);
}

/** A part is stated by product, so the hold is read first. */
async function partOf(
  client: BazarClient,
  id: string,
  quantity: number,
): Promise<Pick<Params<'confirm_hold'>, 'lines'>> {
  const { lines } = await client.readHold(id);
  const [only, ...others] = lines;
  if (only === undefined || others.length > 0) {
    throw new UsageError('bazar hold confirm: --quantity needs a hold of one product');
  }
  return { lines: [{ id: only.id, quantity }] };
}

const holdHead = ['HOLD', 'STATUS', 'PRODUCT', 'QUANTITY', 'PRICE', 'TOTAL', 'EXPIRES AT', 'ORDER'];

/** One row for each line of a hold; only the first row has what belongs to the whole hold. */
function holdRows(hold: Hold): Cell[][] {
  const { expires_at: end = '', order_number: number = '' } = hold;
  return hold.lines.map(({ name, quantity, price }, i) => {
    const first = i === 0;
    return [
      first ? hold.hold_id : '',
      first ? hold.status : '',
      name,
      quantity,
      money(price),
      first ? money(hold.total) : '',
      first ? end : '',
      first ? number : '',
    ];
  });
}
