/**
 * `bazar order`: with a number it shows that order, with `cancel` and a number it cancels it; with
 * `--id order-1` it runs that service. All forms are stable (docs/CLI.md). The words distinguish them.
 */
import { adminSpecs, withAdmin, withClient } from '../options/client-options.js';
import { specsOf } from '../options/one-service-options.js';
import { flag, list, positional, text } from '../options/options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { cancellationHead, cancellationRows, orderTable } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { runOne } from '../service/run-one.js';
import { once, tellReplay } from './once.js';

const cancelGroup = { group: 'Cancellation:' };

export const order = defineCommand({
  usage: 'order [number] [of]',
  describe: 'Show or cancel an order; or, with --id, run one order replica',
  examples: [
    ['$0 order 192', 'shows what was bought, and when'],
    ['$0 order cancel 192', 'cancels all that is left of it (admin)'],
    [
      '$0 order cancel 192 --line 8:1 --no-restock --reason broken',
      'cancels one unit of product 8',
    ],
    ['$0 order --id order-1 --peers order-2=10.0.0.2:8092', 'runs the service order-1'],
  ],
  specs: {
    number: positional("An order's number, or the word cancel"),
    of: positional('The number of the order to cancel'),
    line: list('Units to cancel, as ID:QUANTITY or NAME:QUANTITY; may be repeated', {
      ...cancelGroup,
      defaultDescription: 'all that is left',
    }),
    restock: flag('Put the units back into stock (--no-restock: do not)', cancelGroup, true),
    reason: text('Kept with the cancellation', undefined, cancelGroup),
    key: text('Repeats with the same key cancel nothing', undefined, {
      ...cancelGroup,
      defaultDescription: 'a new one',
    }),
    ...specsOf('order'),
    ...adminSpecs,
  },
  async run(options, io) {
    const { number } = options;
    if (number === 'cancel') return cancel(options, io);
    if (options.of !== undefined)
      throw new UsageError(`bazar order: ${options.of} is one too many`);
    if (number === undefined) {
      if (options.id !== undefined) return runOne('order', { ...options, ...placeOf(options) }, io);
      throw new UsageError('bazar order: give the number of an order, or --id to run a service');
    }
    const wanted = readNumber(number);
    const found = await withClient(options, (client) => client.order(wanted));
    const { head, rows } = orderTable([found]);
    if (options.json) printJson(io, found);
    else await printTable(io, head, rows);
    return exitCodes.ok;
  },
});

type AdminOptions = Parameters<typeof withAdmin>[0];

interface CancelOptions extends AdminOptions {
  readonly of: string | undefined;
  readonly line: readonly string[];
  readonly restock: boolean;
  readonly reason: string | undefined;
  readonly key: string | undefined;
  readonly json: boolean;
}

async function cancel(options: CancelOptions, io: Io): Promise<number> {
  const { of, line, restock, reason } = options;
  if (of === undefined) throw new UsageError('bazar order cancel: give the number of an order');
  const request = {
    ...{ number: readNumber(of), restock },
    ...(line.length === 0 ? {} : { lines: line.map(readLine) }),
    ...(reason === undefined ? {} : { reason }),
  };
  const cancelled = await withAdmin(options, (client) =>
    once({ noun: 'cancellation', verb: 'cancels' }, options.key, (key) =>
      client.cancelOrder({ ...request, key }),
    ),
  );
  if (options.json) printJson(io, cancelled);
  else {
    await printTable(io, cancellationHead, cancellationRows(cancelled));
    tellReplay(cancelled, io);
  }
  return exitCodes.ok;
}

function readNumber(number: string): number {
  if (/^[1-9]\d{0,15}$/.test(number) && Number.isSafeInteger(Number(number))) return Number(number);
  throw new UsageError(`${number} is not an order number`);
}

function readLine(
  line: string,
): { id: number; quantity: number } | { name: string; quantity: number } {
  const [, item = '', units = ''] = /^(.+):([1-9]\d{0,6})$/.exec(line) ?? [];
  const quantity = Number(units);
  if (item === '') throw new UsageError(`--line ${line} is not ID:QUANTITY`);
  return /^\d+$/.test(item) ? { id: Number(item), quantity } : { name: item, quantity };
}

/** A service uses the default place, not that of the store's last start. */
function placeOf({
  host,
  portOffset,
}: {
  host: string | undefined;
  portOffset: number | undefined;
}) {
  return {
    host: placeSpecs.host.read(host, '--host'),
    portOffset: placeSpecs.portOffset.read(portOffset, '--port-offset'),
  };
}
