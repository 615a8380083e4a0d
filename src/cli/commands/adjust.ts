/** `bazar product adjust`: corrects the units on hand, with a reason. Needs the admin token. */
import { requestLimits } from '../../base/limits.js';
import { adjustReasons } from '../../wire/internal.js';
import type { Adjusted } from '../../wire/schemas.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { given } from '../options/given.js';
import { choice, integer, text } from '../options/options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { idOf, itemPositional } from './item.js';
import { once, tellReplay } from './once.js';

const adjustGroup = { group: 'Adjustment:' };
const { quantityMax } = requestLimits;

export const adjust = defineCommand({
  usage: 'adjust <item>',
  describe: 'Correct the units on hand, by a difference or to a count',
  examples: [
    ['$0 product adjust Tux --delta 50 --reason received', '50 more units on hand'],
    ['$0 product adjust Tux --delta -2 --reason damaged', 'two less'],
    ['$0 product adjust Tux --count 97 --reason count', '97 are on the shelf, reserved ones too'],
  ],
  specs: {
    item: itemPositional(),
    delta: integer(
      'Units to add, or to take away',
      { min: -quantityMax, max: quantityMax, default: undefined },
      adjustGroup,
    ),
    count: integer(
      'Units that were counted, reserved ones included',
      { min: 0, max: quantityMax, default: undefined },
      adjustGroup,
    ),
    reason: choice('Why', adjustReasons, undefined, adjustGroup),
    reference: text('Text for your own records, for example a number', undefined, adjustGroup),
    key: text('Repeats with the same key change nothing', undefined, {
      ...adjustGroup,
      defaultDescription: 'a new one',
    }),
    ...adminSpecs,
  },
  async run(options, io) {
    const { item, delta, count, reason, reference } = options;
    if ((delta === undefined) === (count === undefined)) {
      throw new UsageError('bazar product adjust: give --delta or --count');
    }
    if (reason === undefined) throw new UsageError('bazar product adjust: give --reason');
    const change = given({ delta, count, reference });
    const adjusted = await withAdmin(options, async (client) => {
      const id = await idOf(client, item);
      return once({ noun: 'adjustment', verb: 'adjusts' }, options.key, (key) =>
        client.adjustStock({ id, reason, ...change, key }),
      );
    });
    if (options.json) printJson(io, adjusted);
    else {
      await printTable(io, adjustedHead, [adjustedRow(adjusted)]);
      tellReplay(adjusted, io);
    }
    return exitCodes.ok;
  },
});

const adjustedHead = ['ID', 'DELTA', 'ON HAND', 'RESERVED', 'AVAILABLE', 'VERSION'];

function adjustedRow({ id, delta, on_hand, reserved, available, version }: Adjusted): number[] {
  return [id, delta, on_hand, reserved, available, version];
}
