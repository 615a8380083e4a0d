/**
 * Builds the log that a catalog machine is fed: entries with rising seqs and times, purchases with
 * readable keys. Helper of the tests in this folder.
 */
import { createHash } from 'node:crypto';
import { CatalogMachine, type CatalogResult } from '../../src/catalog/machine/catalog-machine.js';
import type { Entry } from '../../src/consensus/types.js';
import { encode } from '../../src/wire/codec.js';
import type {
  CatalogCommand,
  NewProduct,
  Outcome,
  Purchase,
  PurchaseLine,
  SalesMessage,
} from '../../src/wire/internal.js';

export const hour = 3_600_000;

export function digest(key: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key).digest().subarray(0, 16));
}

export function product(name: string, more: Partial<NewProduct> = {}): NewProduct {
  return { name, topic: 'toys', priceCents: 1990, quantity: 100, ...more };
}

interface PurchaseParts {
  readonly seenTime?: number;
  /** Told apart by text; the same for the same lines unless given. */
  readonly request?: string;
}

export function byClient(
  key: string,
  lines: readonly PurchaseLine[],
  { seenTime = 0, request = JSON.stringify(lines) }: PurchaseParts = {},
): Purchase {
  return [digest(key), 1, digest(request).slice(0, 8), lines, seenTime];
}

export function byFrontend(
  key: string,
  lines: readonly PurchaseLine[],
  { seenTime = 0 }: PurchaseParts = {},
): Purchase {
  return [digest(key), 0, new Uint8Array(0), lines, seenTime];
}

/** A log with one machine reading it; others may be fed the same entries. */
export class CatalogLog {
  readonly entries: Entry[] = [];
  readonly machine: CatalogMachine;
  time = 0;

  constructor(machine = new CatalogMachine()) {
    this.machine = machine;
  }

  append(command: CatalogCommand | undefined): CatalogResult {
    const bytes = command ? encode(command) : new Uint8Array(0);
    const seq = this.machine.appliedSeq + 1;
    const entry: Entry = { seq, epoch: 1, time: this.time, command: bytes };
    this.entries.push(entry);
    return this.machine.apply(entry);
  }

  /** Log time goes on by steps that an entry may take. */
  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time = Math.min(end, this.time + 15_000);
      this.append(undefined);
    }
  }

  sell(...purchases: Purchase[]): readonly Outcome[] {
    return this.sellAs(1, ...purchases).outcomes;
  }

  sellAs(
    orderEpoch: number,
    ...purchases: Purchase[]
  ): Extract<CatalogResult, { readonly kind: 'sell' }> {
    const result = this.append(['sell', orderEpoch, 1_000, purchases]);
    if (result.kind !== 'sell') throw new Error('a sell had another result');
    return result;
  }

  sales(from: number, max = 1_000): SalesMessage {
    const message = this.machine.sales.from(from, max);
    if (!message) throw new Error(`there is no sale ${from}`);
    return message;
  }
}

/** A log whose products are Tux (id 1, 100 at 19.90) and Whale (id 2, 5 at 7.00). */
export function toyLog(machine?: CatalogMachine): CatalogLog {
  const log = new CatalogLog(machine);
  const whale = product('Whale', { id: 2, quantity: 5, priceCents: 700 });
  log.append(['stock', [product('Tux', { id: 1 }), whale]]);
  return log;
}

/**
 * A log with sales, refusals and changes of products, under rules 0 only. rules.test.ts holds the hashes
 * that an earlier build computed from it.
 */
export function busyLog(): CatalogLog {
  const log = toyLog();
  log.sellAs(
    3,
    byClient('a', [[1, 3]]),
    byFrontend('b', [
      ['Whale', 2],
      [1, 1],
    ]),
  );
  log.pass(20_000);
  log.append(['add', product('Bär', { topic: 'ÄRGER', id: 30 })]);
  log.append(['restock', 1, 100]);
  log.append(['cursor', 1]);
  log.append(['remove', 2, null]);
  log.sellAs(3, byClient('c', [[1, 1_000]]), byClient('d', [[30, 1]]));
  return log;
}
