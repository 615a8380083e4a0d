/** A catalog whose log is followed by tables: machine, notes and tables. Helper of the tests in this folder. */
import assert from 'node:assert/strict';
import {
  CatalogMachine,
  type CatalogResult,
} from '../../../src/catalog/machine/catalog-machine.js';
import type { PurchaseOptions } from '../../../src/catalog/machine/purchase-processor.js';
import { salesOf } from '../../../src/catalog/machine/results.js';
import { CatalogTables, type NotesMax } from '../../../src/catalog/tables/catalog-tables.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { restoreFromTables } from '../../../src/catalog/tables/restore-tables.js';
import type { Entry } from '../../../src/consensus/types.js';
import type { TableChanges } from '../../../src/database/rows.js';
import { decode, encode } from '../../../src/wire/codec.js';
import type { CatalogCommand, Sale } from '../../../src/wire/internal.js';
import type { TablesModel } from './tables-model.js';

/** One replica: a machine, and what it knows about the tables. */
export class Replica {
  readonly machine: CatalogMachine;
  readonly tables: CatalogTables;

  constructor(limits?: PurchaseOptions, max?: Partial<NotesMax>) {
    this.machine = new CatalogMachine(limits);
    this.tables = new CatalogTables(this.machine, max);
  }

  apply(entry: Entry): CatalogResult {
    const result = this.machine.apply(entry);
    this.tables.applied(entry, result);
    return result;
  }

  applyThrough(entries: readonly Entry[], seq: number): void {
    for (const entry of entries.slice(this.machine.appliedSeq, seq)) this.apply(entry);
  }

  /** Appends a command to the log and applies it. */
  append(entries: Entry[], command: CatalogCommand | undefined, time: number): CatalogResult {
    const bytes = command ? encode(command) : new Uint8Array(0);
    const entry = { seq: entries.length + 1, epoch: 1, time, command: bytes };
    entries.push(entry);
    return this.apply(entry);
  }

  /** Writes to the tables whatever they lack. */
  write(model: TablesModel): TableChanges | undefined {
    const changes = this.tables.changes();
    if (!changes) return undefined;
    model.write(changes);
    this.tables.written(changes);
    return changes;
  }
}

/** The sales of an entry. */
export function soldIn(result: CatalogResult): readonly Sale[] {
  const sales = salesOf(result);
  return sales ? (decode(sales[2]) as readonly Sale[]) : [];
}

export async function restoredReplica(
  model: TablesModel,
  limits?: PurchaseOptions,
  max?: Partial<NotesMax>,
): Promise<Replica> {
  const replica = new Replica(limits, max);
  replica.tables.startFrom(await restoreFromTables(model, replica.machine));
  return replica;
}

/** The tables show the state whose hash this is, and no other. */
export async function assertShows(
  model: TablesModel,
  hash: string,
  limits?: PurchaseOptions,
): Promise<void> {
  const { machine } = await restoredReplica(model, limits);
  machine.invariants();
  assert.equal(machine.hash(), hash);
  assert.deepEqual(await compareTables(model, machine), []);
}
