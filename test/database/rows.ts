/** Entries, rows and writes for the tests of the database. */
import type { Entry } from '../../src/consensus/types.js';
import type { HoldRow, MovementRow, TableChanges } from '../../src/database/rows.js';
import type { Lead, LogEnd, LogWrite } from '../../src/database/types.js';

export const nothing: LogEnd = { seq: 0, epoch: 0, time: 0 };

export function entriesFrom(first: number, count: number, epoch: number, bytes = 8): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const seq = first + at;
    return { seq, epoch, time: seq * 10, command: Buffer.alloc(bytes, seq % 256) };
  });
}

/** A write of so many entries at the end of the lead's log. */
export function append(lead: Lead, count: number, changes?: TableChanges): LogWrite {
  const entries = entriesFrom(lead.end.seq + 1, count, lead.epoch);
  return { epoch: lead.epoch, end: lead.end, entries, changes };
}

export function leadAfter(lead: Lead, write: LogWrite): Lead {
  return { ...lead, end: write.entries.at(-1) ?? lead.end };
}

export function digest(value: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const noChanges: TableChanges = {
  appliedSeq: 0,
  lastOrder: 0,
  lastCancellation: 0,
  lastMovement: 0,
  head: new Uint8Array(),
  products: [],
  orders: [],
  purchaseKeys: [],
  changeKeys: [],
  kept: { client: 1, frontend: 1, change: 1 },
};

/** Orders `1 … orders` of one unit each of product 1, with their keys, and what is left of it. */
export function sales(orders: number, received = 1_000): TableChanges {
  const numbers = Array.from({ length: orders }, (_, at) => at + 1);
  return {
    ...noChanges,
    appliedSeq: orders,
    lastOrder: orders,
    head: Buffer.from('head'),
    products: [
      {
        id: 1,
        name: 'A "red" \\ {cup}, ß',
        topic: 'cups',
        priceCents: 250,
        quantity: received - orders,
        version: orders + 1,
        received,
        sold: orders,
        removed: false,
        restockTo: null,
        reserved: 0,
        returned: 0,
        limitQuantity: null,
        limitWindowSeconds: null,
      },
    ],
    orders: numbers.map((number) => ({
      number,
      key: digest(number),
      lines: [{ productId: 1, name: 'A "red" \\ {cup}, ß', quantity: 1, priceCents: 250 }],
      totalCents: 250,
      at: 1_000 * number,
      seq: number,
      customer: null,
    })),
    purchaseKeys: numbers.map((number) => ({
      kind: 'client' as const,
      ordinal: number,
      digest: digest(number),
      requestHash: Buffer.alloc(8, 1),
      code: 1,
      first: number,
      second: 250,
      time: number * 10,
    })),
    changeKeys: [
      {
        ordinal: 1,
        digest: digest(7),
        requestHash: Buffer.alloc(8, 2),
        result: Buffer.from([1, 2, 3]),
        time: 10,
      },
    ],
  };
}

/**
 * The same orders with two units each. Of these orders one unit each is cancelled and goes back into stock,
 * numbered from 1; then the second unit of the first one, without its stock.
 */
export function cancellationsOf(cancelled: readonly number[], orders: number): TableChanges {
  const base = sales(orders);
  const [first = 0] = cancelled;
  const all = cancelled.length === 0 ? [] : [...cancelled, first];
  const line = { productId: 1, name: 'A "red" \\ {cup}, ß', quantity: 1, priceCents: 250 };
  return {
    ...base,
    lastCancellation: all.length,
    products: base.products.map((row) => {
      const returned = cancelled.length;
      return { ...row, sold: 2 * orders, returned, quantity: 1_000 - 2 * orders + returned };
    }),
    orders: base.orders.map((order) => {
      return { ...order, lines: [{ ...line, quantity: 2 }], totalCents: 500 };
    }),
    cancellations: all.map((orderNumber, at) => {
      const isSecond = at === cancelled.length;
      return {
        ...{ number: at + 1, key: digest(1_000 + at), orderNumber, lines: [line], totalCents: 250 },
        ...{
          restock: !isSecond,
          reason: isSecond ? 'a "broken" {cup}, \\\\' : null,
          at: 1_000 * at,
        },
        ...{ previous: isSecond ? 1 : 0, cancelled: [1, isSecond ? 2 : 1], isWhole: isSecond },
        batch: at + 1,
      };
    }),
  };
}

/** Released holds 1 … `count` of one unit each of product 1; hold n ended at log time n. */
export function releasedHolds(count: number): HoldRow[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ serial: at + 1, id: digest(at + 1), customer: null, state: 'released' as const },
    ...{ ttlSeconds: 60, openedTime: 0, openedMs: 1_000, endTime: at + 1, expiresMs: 61_000 },
    ...{ orderNumber: null, reference: null },
    lines: [{ productId: 1, quantity: 1, priceCents: 250 }],
  }));
}

/** The units before the first of these movements. */
export const movedFrom = 100_000;

/** Movements 1 … `count`: sales of one unit each of products 1 and 2 in turn, two in a run. */
export function movementsOf(count: number, orders = 1): TableChanges {
  const movements = Array.from({ length: count }, (_, at): MovementRow => {
    const [number, productId] = [at + 1, 1 + (at % 2)];
    const stock = { delta: -1, reservedDelta: 0, available: movedFrom - 1 - Math.floor(at / 2) };
    const text = { reason: null, reference: null };
    return {
      ...{ number, productId, cause: 'sale', source: 1, ...stock, at: 1_000 * at, ...text },
      reserved: 0,
      beginsRun: at % 2 === 0,
    };
  });
  return { ...sales(orders), lastMovement: count, movements };
}
