/**
 * `bazar order`: with a number it shows that order; with `--id order-1` it runs that service. Both
 * forms are stable (docs/CLI.md). The number distinguishes them.
 */
import { clientSpecs, withClient } from '../options/client-options.js';
import { specsOf } from '../options/one-service-options.js';
import { positional } from '../options/options.js';
import { placeSpecs } from '../options/store-options.js';
import { exitCodes, UsageError } from '../output/exit-codes.js';
import { orderHead, orderRows } from '../output/orders-view.js';
import { printJson, printTable } from '../output/output.js';
import { defineCommand } from '../parsing/command.js';
import { runOne } from '../service/run-one.js';

export const order = defineCommand({
  usage: 'order [number]',
  describe: 'Show an order; or, with --id, run one order replica',
  examples: [
    ['$0 order 192', 'shows what was bought, and when'],
    ['$0 order --id order-1 --peers order-2=10.0.0.2:8092', 'runs the service order-1'],
  ],
  specs: { number: positional("An order's number"), ...specsOf('order'), ...clientSpecs },
  async run(options, io) {
    const { number } = options;
    if (number === undefined) {
      if (options.id !== undefined) return runOne('order', { ...options, ...placeOf(options) }, io);
      throw new UsageError('bazar order: give the number of an order, or --id to run a service');
    }
    if (!/^[1-9]\d{0,15}$/.test(number) || !Number.isSafeInteger(Number(number))) {
      throw new UsageError(`${number} is not an order number`);
    }
    const found = await withClient(options, (client) => client.order(Number(number)));
    if (options.json) printJson(io, found);
    else await printTable(io, orderHead, orderRows(found));
    return exitCodes.ok;
  },
});

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
