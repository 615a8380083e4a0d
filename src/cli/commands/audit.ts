/** `bazar audit`: checks that the books balance and that all replicas agree. */
import type { AuditReport } from '../../frontend/types.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { type Cell, printable, printJson, printTable } from '../output/output.js';
import { paint } from '../output/paint.js';
import { defineCommand } from '../parsing/command.js';

const hashShown = 16;

export const audit = defineCommand({
  usage: 'audit',
  describe: 'Recompute the books from the logs (admin)',
  examples: [['$0 audit', 'exit code 1 if something does not balance']],
  specs: adminSpecs,
  async run(options, io) {
    const report = await withAdmin(options, (client) => client.audit());
    if (options.json) printJson(io, report);
    else await show(report, io);
    return report.ok ? exitCodes.ok : exitCodes.error;
  },
});

async function show(report: AuditReport, io: Io): Promise<void> {
  const { head, rows } = bookTable(report.products);
  await printTable(io, head, rows);
  if (report.left_out !== undefined) io.out(`… and ${report.left_out} more products\n`);
  io.out('\n');
  await printTable(
    io,
    ['REPLICA', 'GROUP', 'SEQ', 'STATE'],
    report.replicas.map(({ name, group, seq, hash }) => [
      name,
      group,
      seq,
      hash.slice(0, hashShown),
    ]),
  );
  const { sales, orders, cancellations } = report;
  const cancelled = cancellations === undefined ? '' : `, cancellations ${cancellations}`;
  io.out(`\nsales ${sales}, orders ${orders}${cancelled}\n`);
  for (const problem of report.problems)
    io.out(`${paint(io, 'bad', 'problem:')} ${printable(problem)}\n`);
  const verdict = report.ok ? 'the books balance' : 'the books do not balance';
  io.out(`${paint(io, report.ok ? 'good' : 'bad', verdict)}\n`);
}

/** Units that went back, and those in open holds, have a column only if there are any. */
function bookTable(products: AuditReport['products']): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
} {
  const hasReturned = products.some(({ returned = 0 }) => returned > 0);
  const hasReserved = products.some(({ reserved = 0 }) => reserved > 0);
  const pick = <T>(returned: T, reserved: T): T[] => [
    ...(hasReturned ? [returned] : []),
    ...(hasReserved ? [reserved] : []),
  ];
  const numbers = pick('RETURNED', 'RESERVED');
  return {
    head: ['ID', 'NAME', 'RECEIVED', 'SOLD', ...numbers, 'STOCK', 'ORDERED'],
    rows: products.map(
      ({ id, name, received, sold, returned = 0, reserved = 0, stock, ordered }) => [
        ...[id, name, received, sold],
        ...[...pick(returned, reserved), stock, ordered],
      ],
    ),
  };
}
