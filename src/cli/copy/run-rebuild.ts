/** `bazar store check --rebuild`: the options, the run and its output. */
import { resolve } from 'node:path';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { printable, printJson } from '../output/output.js';
import { withReports } from './copy-view.js';
import { rebuildTables } from './rebuild-run.js';

export interface RebuildOptions {
  readonly from?: string | undefined;
  readonly progress: boolean;
  readonly json: boolean;
}

/** Resolves to the exit code: 1 if the tables still differ from the log. */
export async function runRebuild(
  database: DatabaseOptions,
  { from, progress, json }: RebuildOptions,
  io: Io,
): Promise<number> {
  const folder = from === undefined ? undefined : resolve(from);
  const rebuilt = await withReports(io, !progress, (reports) =>
    rebuildTables(database, folder, reports),
  );
  const { seq, products, orders, changed, deleted, state, differences } = rebuilt;
  const equal = differences.length === 0;
  if (json) printJson(io, { equal, ...rebuilt });
  else {
    io.out(`${changed} rows written, ${deleted} rows deleted\n`);
    for (const { table, id, column, stored, expected } of differences) {
      const place = [table, id, column].filter(Boolean).join(' ');
      io.out(`difference: ${printable(`${place}: ${stored}, not ${expected}`)}\n`);
    }
    const shown = `${products} products, ${orders} orders, entry ${seq}, state ${state.slice(0, 16)}`;
    io.out(`the tables ${equal ? 'agree' : 'do not agree'} with the log: ${shown}\n`);
  }
  return equal ? exitCodes.ok : exitCodes.error;
}
