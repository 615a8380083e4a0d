/** Shows the audit of both sides of a copy, and the progress of the work. */
import type { Io } from '../output/io.js';
import { type Cell, printable, printJson, printTable } from '../output/output.js';
import { paint } from '../output/paint.js';
import { progressView } from '../output/progress-view.js';
import type { StoreAudit } from './audit-store.js';
import type { CopyAudit, Reports } from './copy-run.js';

const hashShown = 16;

/** Lines of text for people, and a bar on a terminal. */
export async function withReports<T>(
  io: Io,
  noProgress: boolean,
  work: (reports: Reports) => Promise<T>,
): Promise<T> {
  const view = await progressView(io, noProgress);
  try {
    return await work({
      say: (line) => io.err(`${printable(line)}\n`),
      progress: (phase, done, total) => view.update(phase, done, total),
    });
  } finally {
    view.stop();
  }
}

export async function showCopy(
  { source, target, differences }: CopyAudit,
  json: boolean,
  io: Io,
): Promise<void> {
  const equal = differences.length === 0;
  if (json) {
    printJson(io, { equal, differences, source: inJson(source), target: inJson(target) });
    return;
  }
  await printTable(
    io,
    ['', 'SOURCE', 'TARGET'],
    rowsOf(source).map(([name, cell], i) => [name, cell, rowsOf(target)[i]?.[1] ?? '']),
  );
  for (const difference of differences) {
    io.out(`${paint(io, 'bad', 'difference:')} ${printable(difference)}\n`);
  }
  const verdict = equal ? 'both sides are equal' : 'the sides differ: do not use the copy';
  io.out(`${paint(io, equal ? 'good' : 'bad', verdict)}\n`);
}

/** The books of products are compared, too, but not shown. */
function rowsOf(audit: StoreAudit): readonly (readonly [name: string, cell: Cell])[] {
  const { place, seq, logTime, products, orders, units, totalCents, cancellations } = audit;
  const { movements, clientKeys, frontendKeys, changeKeys, holds, uses, state, book } = audit;
  return [
    ['place', place],
    ['log end', String(seq)],
    ['log time', String(logTime)],
    ['products', String(products)],
    ['orders', String(orders)],
    ['units sold', String(units)],
    ['total', decimal(totalCents)],
    ['cancellations', String(cancellations)],
    ['movements', String(movements)],
    ['client keys', String(clientKeys)],
    ['frontend keys', String(frontendKeys)],
    ['change keys', String(changeKeys)],
    ['holds', String(holds)],
    ['limit uses', String(uses)],
    ['state', state.slice(0, hashShown)],
    ['order book', book.slice(0, hashShown)],
    ['ledger', audit.ledger.slice(0, hashShown)],
  ];
}

function inJson(audit: StoreAudit) {
  const { place, seq, logTime, products, orders, units, totalCents, cancellations } = audit;
  const { movements, clientKeys, frontendKeys, changeKeys, holds, uses, state, book } = audit;
  const { ledger, problems } = audit;
  return {
    ...{ place, seq, log_time: logTime, products, orders, units, total: decimal(totalCents) },
    ...{ cancellations, movements },
    ...{ client_keys: clientKeys, frontend_keys: frontendKeys, change_keys: changeKeys },
    ...{ holds, limit_uses: uses, state, order_book: book, ledger, problems },
  };
}

function decimal(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}
