/**
 * Times of the state machines: purchases at apply, growth of the key table, reads, hash and snapshot.
 * Run: node dist/bench/micro-machine.js [keys] [products]. One thread, no disk, no network.
 */
import { performance } from 'node:perf_hooks';
import { seededRandom } from '../src/base/random.js';
import { CatalogMachine } from '../src/catalog/machine/catalog-machine.js';
import { KeyTable } from '../src/catalog/machine/key-table.js';
import { OrderMachine } from '../src/order/order-machine.js';
import { decode, encode } from '../src/wire/codec.js';
import {
  type CatalogCommand,
  keyKinds,
  type NewProduct,
  type OrderCommand,
  type Purchase,
} from '../src/wire/internal.js';

const random = seededRandom(1);
const products = Number(process.argv[3] ?? 100_000);
const batch = 50;

function report(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(58)} ${value.toFixed(2).padStart(10)} ${unit}\n`);
}

function timed<T>(what: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  report(what, performance.now() - start, 'ms');
  return result;
}

function stock(): NewProduct[] {
  return Array.from({ length: products }, (_, i) => ({
    id: i + 1,
    name: `Product of the year ${i + 1}x`,
    topic: `topic ${i % 100}`,
    priceCents: 100 + (i % 1000),
    quantity: 1_000_000,
  }));
}

function sellCommand(): CatalogCommand {
  const purchases = Array.from({ length: batch }, (): Purchase => {
    const line = [1 + random.integer(products), 1 + random.integer(3)] as const;
    return [random.bytes(16), keyKinds.client, random.bytes(8), [line], 0];
  });
  return ['sell', 1, 1_700_000_000_000, purchases];
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Medians of batches, so that other load on the machine matters less. */
function benchSell(machine: CatalogMachine, rounds: number): Uint8Array[] {
  let seq = machine.appliedSeq;
  const orders: Uint8Array[] = [];
  const decodeMs: number[] = [];
  const applyMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const command = encode(sellCommand());
    const start = performance.now();
    decode(command);
    const decoded = performance.now();
    const result = machine.apply({ seq: ++seq, epoch: 1, time: 1, command });
    if (round >= rounds / 2) {
      decodeMs.push(decoded - start);
      applyMs.push(performance.now() - decoded);
    }
    if (result.kind === 'sell' && result.sales) {
      const [first, count, bytes] = result.sales;
      const order: OrderCommand = ['orders', first, count, bytes];
      orders.push(encode(order));
    }
    if (round % 100 === 99) {
      const watermark: CatalogCommand = ['cursor', machine.lastSale];
      machine.apply({ seq: ++seq, epoch: 1, time: 1, command: encode(watermark) });
    }
  }
  const decoding = (1000 * median(decodeMs)) / batch;
  const applying = (1000 * median(applyMs)) / batch;
  report(`sell of ${batch}: a purchase, decode included`, applying, 'µs');
  report(`sell of ${batch}: a purchase, apply alone`, applying - decoding, 'µs');
  return orders;
}

function benchKeys(keys: number): void {
  const table = new KeyTable({ keysMax: keys, lifeMs: 1 });
  const hash = random.bytes(8);
  const before = process.memoryUsage().arrayBuffers;
  let slowestMs = 0;
  let totalMs = 0;
  for (let done = 0; done < keys; done += 1_000) {
    const digests = Array.from({ length: 1_000 }, () => random.bytes(16));
    const start = performance.now();
    for (const digest of digests) {
      if (table.find(digest) < 0) table.add(digest, hash, ['sold', 1, 1, false], 0);
    }
    const took = performance.now() - start;
    slowestMs = Math.max(slowestMs, took);
    totalMs += took;
  }
  report(`${keys} keys: look up and add, each`, (1e6 * totalMs) / keys, 'ns');
  report(`${keys} keys: slowest thousand`, slowestMs, 'ms');
  report(`${keys} keys: memory`, (process.memoryUsage().arrayBuffers - before) / 2 ** 20, 'MiB');
  const start = performance.now();
  table.expire(10, 1, keys);
  report(`${keys} keys: forget, each`, (1e6 * (performance.now() - start)) / keys, 'ns');
}

function benchOrders(commands: readonly Uint8Array[]): void {
  const machine = new OrderMachine();
  const start = performance.now();
  for (const [at, command] of commands.entries()) {
    machine.apply({ seq: at + 1, epoch: 1, time: 1, command });
  }
  const took = performance.now() - start;
  report('orders: apply, each order', (1000 * took) / machine.lastOrder, 'µs');
  timed('orders: locate a million numbers', () => {
    for (let i = 0; i < 1_000_000; i++) machine.locate(1 + random.integer(machine.lastOrder));
  });
}

const machine = new CatalogMachine();
const first: CatalogCommand = ['stock', stock()];
const firstBytes = encode(first);
timed(`first stock of ${products}`, () =>
  machine.apply({ seq: 1, epoch: 1, time: 0, command: firstBytes }),
);
const sales = benchSell(machine, 8_000);
timed('a page of 20 of a topic of 1,000', () => machine.search({ topic: 'Topic 7', limit: 20 }));
timed('1,000 of a topic of 1,000', () => machine.search({ topic: 'Topic 7', limit: 1_000 }));
timed('text that is nowhere', () => machine.search({ text: 'nowhere', limit: 20 }));
timed('below target, first time', () => machine.belowTarget(100));
timed('below target, again', () => machine.belowTarget(100));
timed('state hash', () => machine.hash());
const pieces = timed('snapshot', () => [...machine.snapshot()]);
report('snapshot', pieces.reduce((sum, { length }) => sum + length, 0) / 2 ** 20, 'MiB');
timed('restore', () => new CatalogMachine().restore(pieces));
benchOrders(sales);
benchKeys(Number(process.argv[2] ?? 4_000_000));
