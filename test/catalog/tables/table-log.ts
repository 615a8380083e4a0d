/** A log of a replica that writes to tables. Helper of the tests in this folder. */
import type { Entry } from '../../../src/consensus/types.js';
import type { CatalogCommand, ChangeCommand, Purchase, Sale } from '../../../src/wire/internal.js';
import type { TradeOperation } from '../../../src/wire/trade.js';
import { digest, product } from '../log-builder.js';
import { Replica, soldIn } from './table-store.js';
import { TablesModel } from './tables-model.js';

export class TableLog {
  readonly entries: Entry[] = [];
  readonly model: TablesModel;
  readonly leader = new Replica();
  /** All that was sold. */
  readonly sales: Sale[] = [];
  time = 0;

  /** Tux has id 1, Whale has id 2. */
  constructor(model = new TablesModel(), rules = 2) {
    this.model = model;
    const whale = product('Whale', { id: 2, quantity: 5, priceCents: 700 });
    this.append(['stock', [product('Tux', { id: 1 }), whale]]);
    this.append(['rules', rules, { restockTo: 0, bundled: [] }]);
  }

  append(command?: CatalogCommand): void {
    this.sales.push(...soldIn(this.leader.append(this.entries, command, this.time)));
  }

  sell(...purchases: Purchase[]): void {
    this.append(['sell', 1, 1_000, purchases]);
  }

  trade(...operations: TradeOperation[]): void {
    this.append(['trade', 1, 1_000, operations]);
  }

  change(key: string, command: ChangeCommand): void {
    this.append(['keyed', digest(key), digest('request').slice(0, 8), this.time, command]);
  }

  /** Log time goes on by steps that an entry may take. */
  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end; ) {
      this.time = Math.min(end, this.time + 15_000);
      this.append();
    }
  }

  write(): void {
    this.leader.write(this.model);
  }
}
