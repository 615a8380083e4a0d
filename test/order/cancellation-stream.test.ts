/** The stream of cancellations from the catalog to the order book, while the leaders of both change. */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { CatalogMachine } from '../../src/catalog/machine/catalog-machine.js';
import { NumberedStream, type Subscriber } from '../../src/catalog/streams/numbered-stream.js';
import type { Entry } from '../../src/consensus/types.js';
import { OrderMachine } from '../../src/order/order-machine.js';
import { Projection } from '../../src/order/projection.js';
import { decode, encode } from '../../src/wire/codec.js';
import type { CatalogCommand, OrderCommand } from '../../src/wire/internal.js';
import type { OperationKey, TradeOperation } from '../../src/wire/trade.js';
import { product } from '../catalog/log-builder.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { keyOf, OrderLog, settled } from './cancellation-log.js';

/** Two catalog replicas with one log, and two order replicas with one log; leaders change at will. */
class Shop {
  readonly clock = new ManualClock();
  readonly catalogs = [new CatalogMachine(), new CatalogMachine()];
  readonly orderLog: Entry[] = [];
  readonly orders = [new OrderMachine(), new OrderMachine()];
  readonly subscribed: (number | undefined)[] = [];
  #seq = 0;
  #epoch = 0;
  #stream: { sales: NumberedStream; cancellations: NumberedStream } | undefined;
  #subscribers: Subscriber[] = [];
  #projection: Projection | undefined;
  #key = 0;

  constructor() {
    this.catalog(['stock', [product('Tux', { id: 1, quantity: 1_000 })]]);
    this.catalog(['rules', 3, { restockTo: 0, bundled: [] }]);
    this.order(['rules', 3]);
    this.leadCatalog(0);
    this.leadOrders(0);
  }

  catalog(command: CatalogCommand) {
    const bytes = new Uint8Array(encode(command));
    const entry = { seq: ++this.#seq, epoch: 1, time: 0, command: bytes };
    const [result] = this.catalogs.map((machine) => machine.apply(entry));
    if (result?.kind === 'trade') {
      if (result.sales) this.#stream?.sales.applied(result.sales[1]);
      if (result.cancellations) this.#stream?.cancellations.applied(result.cancellations[1]);
    }
    return result;
  }

  order(command: OrderCommand): void {
    const bytes = new Uint8Array(encode(command));
    const entry = { seq: this.orderLog.length + 1, epoch: 1, time: 0, command: bytes };
    this.orderLog.push(entry);
    for (const machine of this.orders) machine.apply(entry);
  }

  leadCatalog(index: number): void {
    const machine = this.catalogs[index];
    if (!machine) throw new Error('no catalog');
    this.#subscribers = [];
    this.#stream = {
      sales: new NumberedStream(machine.sales, this.clock),
      cancellations: new NumberedStream(machine.cancellations, this.clock),
    };
    this.#projection?.broken();
  }

  leadOrders(index: number): void {
    const machine = this.orders[index];
    if (!machine) throw new Error('no order replica');
    this.#projection?.resign();
    const projection: Projection = new Projection({
      ...{ clock: this.clock, logger: silentLogger, answersAtSale: () => true },
      lastOrder: () => machine.lastOrder,
      lastCancellation: () => machine.lastCancellation,
      propose: async (command) => {
        if (this.#projection !== projection) throw new Error('not leading');
        this.order(decodeCommand(command));
      },
      subscription: {
        tail: async (from, _epoch, _gathers, cancellationsFrom) => {
          this.subscribed.push(cancellationsFrom);
          const sales = { gathers: true, send: (run: never) => projection.sold(run) };
          const cancelled = { gathers: true, send: (run: never) => projection.cancelled(run) };
          this.#subscribers = [sales as Subscriber, cancelled as Subscriber];
          this.#stream?.sales.subscribe(sales as Subscriber, from);
          this.#stream?.cancellations.subscribe(cancelled as Subscriber, cancellationsFrom ?? 1);
        },
        confirm: (number, _epoch, cancelled = 0) => {
          const [sales, other] = this.#subscribers;
          if (sales) this.#stream?.sales.confirm(sales, number);
          if (other) this.#stream?.cancellations.confirm(other, cancelled);
          this.catalog(['cursor', number, cancelled]);
        },
      },
    });
    this.#projection = projection;
    projection.startProjection(++this.#epoch);
  }

  /** Buys an order and cancels it, unit by unit. */
  sellAndCancel(): void {
    const key = (): OperationKey => keyOf(`${++this.#key}`);
    const bought = this.catalog(['trade', 1, 0, [['buy', key(), [[1, 3]], [null, null]]]]);
    const [outcome] = bought?.kind === 'trade' ? bought.outcomes : [];
    if (outcome?.[0] !== 'sold') throw new Error('not sold');
    const cancel = (): TradeOperation => {
      const lines = [[1, 'Tux', 3, 1990]] as const;
      return ['cancel', key(), outcome[1], lines, null, [[1, 1]], true, null];
    };
    this.catalog(['trade', 1, 0, [cancel(), cancel()]]);
    this.catalog(['trade', 1, 0, [cancel()]]);
  }

  async settle(ms = 500): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(50);
      await settled();
    }
  }
}

function decodeCommand(bytes: Uint8Array): OrderCommand {
  return decode(bytes) as OrderCommand;
}

t.test('cancellations reach the book once, across new order and catalog leaders', async (t) => {
  const shop = new Shop();
  for (let round = 1; round <= 6; round++) {
    shop.sellAndCancel();
    // The old leader may have logged a part of it.
    if (round % 2 === 1) await shop.settle(50);
    if (round % 3 === 0) shop.leadCatalog(round % 2);
    if (round % 2 === 0) shop.leadOrders((round / 2) % 2);
    if (round === 4) await shop.settle();
  }
  await shop.settle();
  const [one, two] = shop.orders;
  t.same([one?.lastOrder, one?.lastCancellation], [6, 18]);
  t.equal(one?.hash(), two?.hash());
  const [catalog] = shop.catalogs;
  t.same([catalog?.watermark, catalog?.cancellations.watermark], [6, 18]);
  const seen = new Set<number>();
  const log = new OrderLog();
  for (const entry of shop.orderLog) log.append(decodeCommand(entry.command));
  for (let order = 1; order <= 6; order++) {
    const [found] = (await log.book().cancellations(order, null, 10)) ?? [[]];
    for (const [number] of found) seen.add(number);
    t.equal(found.length, 3);
  }
  t.equal(seen.size, 18);
  t.ok(shop.subscribed.length >= 4, 'the streams were subscribed again');
});
