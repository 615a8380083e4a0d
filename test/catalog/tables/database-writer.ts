/** Writes the tables of a replica to a real database, and restores from it. Helper of the tests in this folder. */
import assert from 'node:assert/strict';
import type { Test } from 'tap';
import { required } from '../../../src/base/assert.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { compareTables } from '../../../src/catalog/tables/compare-tables.js';
import { restoreFromTables } from '../../../src/catalog/tables/restore-tables.js';
import { openTables } from '../../../src/database/table-pieces.js';
import { logOf } from '../../database/faults.js';
import { append } from '../../database/rows.js';
import type { TestDatabase } from '../../support/postgres-server.js';
import type { TableLog } from './table-log.js';
import type { Replica } from './table-store.js';

/** A leader that writes its tables to the database, without log rows. */
export interface Writer {
  readonly database: TestDatabase;
  write(replica: Replica): Promise<void>;
}

export async function openWriter(test: Test, database: TestDatabase): Promise<Writer> {
  const log = logOf(test, database);
  const lead = await log.takeLead('catalog-1');
  return {
    database,
    async write({ tables }) {
      const changes = required(tables.changes(), 'changes');
      assert.deepEqual(await log.write(append(lead, 0, changes)), { kind: 'written' });
      tables.written(changes);
    },
  };
}

/** The tables give the state with this hash, and no row differs from it. */
export async function assertRestores(database: TestDatabase, hash: string): Promise<void> {
  const tables = await openTables(database);
  try {
    const machine = new CatalogMachine();
    await restoreFromTables(tables, machine);
    machine.invariants();
    assert.equal(machine.hash(), hash);
    assert.deepEqual(await compareTables(tables, machine), []);
  } finally {
    await tables.close();
  }
}

export async function writeAndRestore(writer: Writer, log: TableLog): Promise<void> {
  await writer.write(log.leader);
  await assertRestores(writer.database, log.leader.machine.hash());
}
