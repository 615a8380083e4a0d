/** `bazar ledger`: every change of a product's stock, oldest first. Needs the admin token. */
import type { BazarClient } from '../../client/bazar-client.js';
import type { Ledger, LedgerMovement } from '../../wire/stock-schemas.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { idOf, itemPositional } from './item.js';
import { pageSpecs } from './search.js';

export const ledger = defineCommand({
  usage: 'ledger <item>',
  describe: "List the changes of a product's stock, oldest first (admin)",
  examples: [
    ['$0 ledger Tux', 'sales, holds, adjustments, restocks and cancellations of Tux'],
    ['$0 ledger 8 --after 5120 --limit 100', 'the next 100 after movement 5120'],
  ],
  specs: { item: itemPositional(), ...pageSpecs, ...adminSpecs },
  async run(options, io) {
    const { item, after, limit } = options;
    const page = await withAdmin(options, async (client) => {
      return gather(client, await idOf(client, item), after, limit);
    });
    if (options.json) printJson(io, page);
    else await printTable(io, head, page.items.map(rowOf));
    if (page.next !== undefined) io.err(`more: --after ${page.next}\n`);
    return exitCodes.ok;
  },
});

/** One page may have fewer movements than the limit: it reads a bounded part of the ledger. */
async function gather(
  client: BazarClient,
  id: number,
  from: number,
  limit: number,
): Promise<Ledger> {
  const items: LedgerMovement[] = [];
  for (let after = from; ; ) {
    const page = await client.ledger({ id, after, limit: limit - items.length });
    items.push(...page.items);
    if (page.next === undefined) return { items };
    if (items.length >= limit) return { items, next: page.next };
    after = page.next;
  }
}

const head = ['NUMBER', 'AT', 'CAUSE', 'DELTA', 'BALANCE', 'RESERVED', 'ON HAND', 'OF'];

function rowOf(movement: LedgerMovement): (string | number)[] {
  const { number, at, cause, delta, balance, reserved, on_hand } = movement;
  return [number, at, cause, delta, balance, reserved, on_hand, sourceOf(movement)];
}

function sourceOf(movement: LedgerMovement): string {
  const { order_number, hold_serial, cancellation_number, restock_number } = movement;
  const { reason, reference } = movement;
  if (order_number !== undefined) return `order ${order_number}`;
  if (hold_serial !== undefined) return `hold ${hold_serial}`;
  if (cancellation_number !== undefined) return `cancellation ${cancellation_number}`;
  if (restock_number !== undefined) return `restock ${restock_number}`;
  return [reason, reference].filter((text) => text !== undefined).join(': ');
}
