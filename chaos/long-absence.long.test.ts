/**
 * A catalog was down for so long that no log reaches back to its last entry. It returns by a snapshot,
 * in parts, as a real process, killed or wiped, while the store sells. In the end all are equal, and its
 * vote counts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { chosenSeed } from '../test/e2e/seeded.js';
import { until } from '../test/e2e/until.js';
import { reckon } from './books.js';
import { startClients, stock } from './clients.js';
import { Fleet, healsWithinMs } from './fleet.js';
import { sendGoods } from './goods.js';
import { GroupWatch } from './group-watch.js';
import { Recorder } from './recorder.js';

const size = { catalogs: 2, orders: 1, recovery: 1, frontends: 1 };
/** The least setting: a snapshot for each closed segment of the journal. */
const flags = ['--snapshot-every', '16'];
const partBytes = 256 * 1024;
const partsMin = 4;
const takesOver = /^takes over a snapshot/;
const customers = 4;
const timeoutMs = 230_000;

interface LogLine {
  readonly msg: string;
  readonly seq?: number;
  readonly to?: string;
  readonly bytes?: number;
}

t.test(
  'a member that was away for longer than the logs reach back returns by a snapshot',
  async (t) => {
    t.setTimeout(timeoutMs);
    const folder = mkdtempSync(join(tmpdir(), 'bazar-absence-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const recorder = new Recorder(stock(), () => t.name);
    const fleet = new Fleet({
      ...{ folder, size, portOffset: 3560, products: recorder.first, flags },
      died: (name, how, logTail) => recorder.problem(`${name} ended (${how}): ${logTail}`),
    });
    t.teardown(() => fleet.close());
    await fleet.found();
    const clients = startClients(fleet, recorder, chosenSeed(), customers);
    t.teardown(() => clients.abandon());
    const goods = await sendGoods(fleet);
    t.teardown(() => goods.abandon());

    const group = new GroupWatch(fleet, 'catalog', recorder);
    const otherOf = (name: string): string => (name === 'catalog-1' ? 'catalog-2' : 'catalog-1');
    const log = (name: string): readonly LogLine[] => {
      const text = readFileSync(join(folder, 'logs', `${name}.log`), 'utf8');
      const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
      return lines.map((line) => JSON.parse(line) as LogLine);
    };
    const told = (name: string, words: RegExp): readonly LogLine[] => {
      return log(name).filter(({ msg }) => words.test(msg));
    };
    /** A log reaches back to the older of the two newest snapshots. */
    const forgets = (name: string, end: number): Promise<boolean> => {
      const newer = () => told(name, /^a snapshot is on disk/).filter(({ seq = 0 }) => seq > end);
      return until(`${name} dropped its log up to ${end}`, () => newer().length > 1, healsWithinMs);
    };
    /** Without the other catalog, a majority needs its vote. */
    const countsAlone = async (name: string): Promise<void> => {
      await fleet.service(otherOf(name)).kill();
      await group.sells();
      t.equal(await group.leader(), name, `${name} leads, so that its vote counts`);
    };

    await t.test('killed', async (t) => {
      const first = await group.leader();
      const away = otherOf(first);
      await fleet.service(away).kill();
      const { log_end: end } = await until(
        'the log’s end',
        () => group.member(first),
        healsWithinMs,
      );
      await forgets(first, end);
      await goods.leave();
      fleet.service(away).start();
      await group.sells();
      await group.isBack(away);
      t.ok(told(away, takesOver).length > 0, 'by a snapshot');
      const [sent] = told(first, new RegExp(`^sends ${away} a snapshot`));
      t.ok((sent?.bytes ?? 0) > partsMin * partBytes, `in parts: ${sent?.bytes} bytes`);
      await countsAlone(away);
    });

    await t.test('wiped', async (t) => {
      const first = await group.leader();
      const away = otherOf(first);
      const before = told(away, takesOver).length;
      fleet.service(away).wipe();
      fleet.service(away).start();
      await group.sells();
      await group.isBack(away);
      t.equal(told(away, /^has no vote in the catalog group/).length, 1, 'as a learner first');
      t.ok(told(away, takesOver).length > before, 'by a snapshot');
      t.equal(told(away, /votes again$/).length, 1);
      await countsAlone(away);
      fleet.service(first).start();
      await group.isBack(first);
    });

    await clients.leave();
    const { problems } = await reckon(fleet, recorder);
    t.same([...recorder.wrong, ...problems], []);
  },
);
