/** `bazar audit`: checks that the books balance and that all replicas agree. */
import type { AuditReport } from '../../frontend/types.js';
import { adminSpecs, withAdmin } from '../options/client-options.js';
import { exitCodes } from '../output/exit-codes.js';
import type { Io } from '../output/io.js';
import { printable, printJson, printTable } from '../output/output.js';
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
  await printTable(
    io,
    ['ID', 'NAME', 'RECEIVED', 'SOLD', 'STOCK', 'ORDERED'],
    report.products.map((one) => [
      one.id,
      one.name,
      one.received,
      one.sold,
      one.stock,
      one.ordered,
    ]),
  );
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
  io.out(`\nsales ${report.sales}, orders ${report.orders}\n`);
  for (const problem of report.problems)
    io.out(`${paint(io, 'bad', 'problem:')} ${printable(problem)}\n`);
  const verdict = report.ok ? 'the books balance' : 'the books do not balance';
  io.out(`${paint(io, report.ok ? 'good' : 'bad', verdict)}\n`);
}
