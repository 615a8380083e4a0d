/** Two frontends that know each other through the catalog replicas that both report to. */
import t from 'tap';
import { BazarError, toBazarError } from '../../../src/base/errors.js';
import { frontendLimits } from '../../../src/base/limits.js';
import { FrontendTable } from '../../../src/catalog/service/frontend-table.js';
import { FrontendList } from '../../../src/frontend/detector/frontend-list.js';
import { FrontendReports } from '../../../src/frontend/detector/frontend-reports.js';
import type { ReplicaClient } from '../../../src/frontend/replica-client.js';
import type { ReportParams } from '../../../src/wire/frontend-report.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { reportOf } from '../../wire/report-builder.js';

const { reportEveryMs, silentMs, refusedMs } = frontendLimits;

interface Replica {
  readonly table: FrontendTable;
  isOld: boolean;
  asked: number;
}

function build(replicas: readonly Replica[]) {
  const clock = new ManualClock();
  const told: string[] = [];
  const frontends = [1, 2].map((n) => {
    const process = `process-${n}`;
    const tell = (_event: string, { message }: Record<string, unknown>) => {
      if (n === 1) told.push(String(message));
    };
    const list = new FrontendList({ name: `frontend-${n}`, process, tell });
    const clients = replicas.map((replica, i): ReplicaClient => {
      const name = `catalog-${i + 1}`;
      const call = async (method: string, params: unknown): Promise<unknown> => {
        t.equal(method, 'report_frontend');
        replica.asked++;
        if (replica.isOld) throw new BazarError('unknown_method', 'what is that?');
        const [of, report] = params as ReportParams;
        if (report) replica.table.report(list, report, clock.nowMs());
        else replica.table.leave(of, clock.nowMs());
        return [replica.table.rows(clock.nowMs())];
      };
      return { name, group: 'catalog', isRecoveryServer: false, connected: true, call };
    });
    const report = () => reportOf(n);
    return {
      list,
      reports: new FrontendReports({ replicas: clients, clock, process, report, list }),
    };
  });
  const [one, two] = frontends;
  if (!one || !two) throw toBazarError('two frontends');
  return {
    ...{ clock, told, one, two },
    async pass(ms: number) {
      await settled();
      for (let passed = 0; passed < ms; passed += reportEveryMs) {
        clock.advance(reportEveryMs);
        await settled();
      }
    },
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const replica = (isOld = false): Replica => ({ table: new FrontendTable(), isOld, asked: 0 });

t.test('two frontends see each other, and that one was stopped', async (t) => {
  const { one, two, told, pass } = build([replica(), replica()]);
  one.reports.start();
  two.reports.start();
  await pass(reportEveryMs);
  t.same(
    one.list.others.map(({ report }) => report[0]),
    ['frontend-2'],
  );
  t.same(
    two.list.others.map(({ report }) => report[0]),
    ['frontend-1'],
  );
  await two.reports.stop();
  await pass(silentMs);
  t.same(told, ['frontend-2 is up', 'frontend-2 was stopped']);
});

t.test('a replica of an older build is rarely asked, and does no harm', async (t) => {
  const old = replica(true);
  const { one, two, told, pass } = build([old, replica()]);
  one.reports.start();
  two.reports.start();
  await pass(refusedMs - reportEveryMs);
  t.same(told, ['frontend-2 is up']);
  t.equal(old.asked, 2, 'once by each');
  old.isOld = false;
  await pass(2 * reportEveryMs);
  t.ok(old.asked > 2);
  t.equal(old.table.rows(0).length, 2);
});

t.test('with only old replicas a frontend knows itself', async (t) => {
  const { one, pass } = build([replica(true)]);
  one.reports.start();
  await pass(silentMs);
  t.same(one.list.others, []);
});
