/** Operations on holds with readable keys and ids. Helper of the tests in this folder. */
import type { PurchaseLine, Sale } from '../../../src/wire/internal.js';
import type { OperationKey, TradeOperation } from '../../../src/wire/trade.js';
import { digest } from '../log-builder.js';

function keyOf(name: string, seenTime: number): OperationKey {
  return [digest(name), 1, digest('request').slice(0, 8), seenTime];
}

export interface CancelParts {
  readonly lines?: readonly PurchaseLine[] | null;
  readonly restock?: boolean;
  readonly reason?: string | null;
}

export interface HoldParts {
  readonly ttlSeconds?: number;
  readonly customer?: string;
  readonly reference?: string;
}

/** Operations at a log time; the key and the id of a hold have its name. */
export function tradesAt(time: number) {
  return {
    buy: (name: string, lines: readonly PurchaseLine[], customer?: string): TradeOperation => {
      return ['buy', keyOf(name, time), lines, [customer ? digest(customer) : null, null]];
    },
    hold: (name: string, lines: readonly PurchaseLine[], parts: HoldParts = {}): TradeOperation => {
      const { ttlSeconds = 60, customer, reference } = parts;
      const terms = [customer === undefined ? null : digest(customer), null] as const;
      const key = keyOf(`hold ${name} ${time}`, time);
      return ['hold', key, digest(name), lines, ttlSeconds, terms, reference ?? null];
    },
    confirm: (name: string, lines: readonly PurchaseLine[] | null = null): TradeOperation => {
      return ['confirm', keyOf(`confirm ${name} ${time}`, time), digest(name), lines];
    },
    release: (name: string): TradeOperation => {
      return ['release', keyOf(`release ${name} ${time}`, time), digest(name)];
    },
    /** The key has also the lines, so that parts of an order can be cancelled one after the other. */
    cancel: (name: string, sale: Sale, parts: CancelParts = {}): TradeOperation => {
      const { lines = null, restock = true, reason = null } = parts;
      const [number, , bought, , , customer = null] = sale;
      const key = keyOf(`cancel ${name} ${time}`, time);
      return ['cancel', key, number, bought, customer, lines, restock, reason];
    },
    extend: (name: string, ttlSeconds: number): TradeOperation => {
      return ['extend', keyOf(`extend ${name} ${time}`, time), digest(name), ttlSeconds];
    },
  };
}
