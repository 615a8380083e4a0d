/**
 * Reads a store from the log rows of a database alone, after the state of another source or from the
 * first entry on. Ignores the tables, which may be wrong. Invariant: no process writes to the log
 * meanwhile.
 */
import { BazarError } from '../../base/errors.js';
import { logLimits } from '../../base/limits.js';
import type { CatalogMachine } from '../../catalog/machine/catalog-machine.js';
import { type CatalogResult, cancellationsOf, salesOf } from '../../catalog/machine/results.js';
import { newMachine } from '../../catalog/service/new-machine.js';
import { cancellationRows, orderRows } from '../../catalog/tables/table-rows.js';
import { describeDatabase } from '../../database/connection-url.js';
import { PostgresLog } from '../../database/postgres-log.js';
import type { MovementRow } from '../../database/rows.js';
import type { DatabaseOptions } from '../../database/session-keeper.js';
import type { StoreFacts } from '../../database/store-facts.js';
import type { LogEnd } from '../../database/types.js';
import { firstKeys, movementsAfter, type StoreSource } from './store-source.js';

export async function openLog(
  options: DatabaseOptions,
  facts: StoreFacts,
  base: StoreSource | undefined,
): Promise<StoreSource> {
  const end: LogEnd = { seq: facts.seq, epoch: facts.endEpoch, time: facts.time };
  checkReach(facts, base);
  const log = new PostgresLog({ ...options, allowsUnfinished: true, group: 'catalog' });
  const begin = (): CatalogMachine => {
    const machine = newMachine();
    if (base) machine.restore(base.machine.snapshot());
    return machine;
  };
  try {
    if (base && end.seq >= base.end.seq) await checkHistory(log, facts, base.end);
    const machine = begin();
    for await (const _result of replay(log, machine, end));
    const { clientKeys, frontendKeys, changeKeys } = machine.view();
    const [client, frontend] = [1 + clientKeys.dropped, 1 + frontendKeys.dropped];
    return {
      place: describeDatabase(options.settings),
      machine,
      end,
      epochs: { catalog: facts.epoch, order: Math.max(facts.orderEpoch, machine.newestOrderEpoch) },
      // A base does not know how many keys were dropped before it.
      kept: base ? firstKeys : { client, frontend, change: 1 + changeKeys.dropped },
      async *orders(from) {
        if (base) yield* base.orders(from);
        for await (const { seq, result } of replay(log, begin(), end)) {
          const sales = salesOf(result);
          const rows = sales ? orderRows(sales, seq) : [];
          const wanted = rows.filter(({ number }) => number >= from);
          if (wanted.length > 0) yield wanted;
        }
      },
      async *cancellations(from) {
        if (base) yield* base.cancellations(from);
        if (machine.cancellations.last === 0) return;
        for await (const { result } of replay(log, begin(), end)) {
          const made = cancellationsOf(result);
          const wanted = made ? cancellationRows(made).filter(({ number }) => number >= from) : [];
          if (wanted.length > 0) yield wanted;
        }
      },
      async *movements(from) {
        if (base) yield* base.movements(from);
        if (machine.movements.last === 0) return;
        for await (const { moved } of replay(log, begin(), end)) {
          const wanted = moved.filter(({ number }) => number >= from);
          if (wanted.length > 0) yield wanted;
        }
      },
      close: () => log.close(),
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}

const withSource =
  'give the newest copy of the store from before that: bazar store check --rebuild --from FOLDER';

/** Rejects with `conflict` and what to do if log and base do not give the state at the end. */
function checkReach({ seq, firstEntry }: StoreFacts, base: StoreSource | undefined): void {
  const first = firstEntry ?? seq + 1;
  if (!base) {
    if (seq > 0 && first === 1) return;
    if (seq === 0) throw conflict('the log is empty: there is nothing to rebuild the tables from');
    throw conflict(`the log begins at entry ${first}, not at 1; ${withSource}`);
  }
  const { seq: ends } = base.end;
  if (ends > seq) {
    throw conflict(`${base.place} ends at entry ${ends}, after the log (${seq}): another store`);
  }
  if (ends + 1 < first) {
    throw conflict(
      `the log begins at entry ${first}, but ${base.place} ends at ${ends}; ${withSource}`,
    );
  }
}

/** Rejects if the entries around the end of the base are not of one history. */
async function checkHistory(log: PostgresLog, facts: StoreFacts, end: LogEnd): Promise<void> {
  const isLast = end.seq === facts.seq;
  const isStored = facts.firstEntry !== null && facts.firstEntry <= end.seq;
  const [entry] = isStored ? await log.readEntries(end.seq - 1, 1) : [];
  const epoch = entry?.epoch ?? (isLast ? facts.endEpoch : undefined);
  if (epoch === undefined || epoch === end.epoch) return;
  throw conflict(
    `entry ${end.seq} has epoch ${epoch} in the log, but ${end.epoch} in the source: another store`,
  );
}

interface Replayed {
  readonly seq: number;
  readonly result: CatalogResult;
  readonly moved: readonly MovementRow[];
}

/** Applies the rest of the log, and yields the result of each entry. */
async function* replay(
  log: PostgresLog,
  machine: CatalogMachine,
  { seq: through }: LogEnd,
): AsyncGenerator<Replayed> {
  while (machine.appliedSeq < through) {
    const entries = await log.readEntries(machine.appliedSeq, logLimits.journalReadBytesMax);
    if (entries[0]?.seq !== machine.appliedSeq + 1) {
      throw new BazarError('unavailable', `the log lacks entry ${machine.appliedSeq + 1}`);
    }
    for (const entry of entries) {
      const { last } = machine.movements;
      const result = machine.apply(entry);
      yield { seq: entry.seq, result, moved: movementsAfter(machine, last) };
    }
  }
}

function conflict(message: string): BazarError {
  return new BazarError('conflict', message);
}
