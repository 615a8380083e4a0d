/**
 * Every supported topology, one to nine replicas with none to nine recovery servers: who votes, what
 * a lost folder comes back as, and what an operator reads (docs/PROTOCOL.md, 1).
 */
import t from 'tap';
import type { ClusterConfig, MemberAddresses } from '../../src/base/config.js';
import { silentLogger } from '../../src/base/logging.js';
import { seededRandom } from '../../src/base/random.js';
import { checkVoters } from '../../src/cli/doctor/settings.js';
import { openLog } from '../../src/group/folder.js';
import { groupsOf, votersOf, votingWarnings } from '../../src/group/membership.js';
import { formatCluster, openIdentity } from '../../src/storage/identity.js';
import { MemoryDisk } from '../support/memory-disk.js';

const replicasMax = 9;
const sizes = { segmentBytes: 64 * 1024, batchBytesMax: 8 * 1024 };

function addresses(kind: string, count: number): MemberAddresses[] {
  const at = { host: '127.0.0.1', port: 1 };
  return Array.from({ length: count }, (_, n) => ({
    name: `${kind}-${n + 1}`,
    service: at,
    peer: at,
  }));
}

function clusterOf(orders: number, recovery: number): ClusterConfig {
  return {
    catalogs: addresses('catalog', 1),
    orders: addresses('order', orders),
    recovery: addresses('recovery', recovery),
  };
}

function namesOf({ catalogs, orders, recovery }: ClusterConfig): string[] {
  return [...catalogs, ...orders, ...recovery].map(({ name }) => name);
}

/** What a start of the member comes to when its folder is lost. */
async function afterLoss(members: string[], id: string, init: boolean): Promise<string> {
  const disk = new MemoryDisk();
  await formatCluster(disk, '/data', { members, random: seededRandom(1) });
  disk.erase(`/data/${id}`);
  const options = { id, members, init, random: seededRandom(2) };
  try {
    const { learner } = await openIdentity(disk, `/data/${id}`, options);
    return learner ? 'a learner' : 'a voter';
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : error}`;
  }
}

t.test('each group votes separately, and a voter with a lost folder does not vote', async (t) => {
  for (let orders = 1; orders <= replicasMax; orders++) {
    for (let recovery = 0; recovery <= replicasMax; recovery++) {
      const cluster = clusterOf(orders, recovery);
      const members = namesOf(cluster);
      const title = `${orders} orders, ${recovery} recovery servers`;
      const voters = votersOf(cluster, 'order');
      const even = (orders + recovery) % 2 === 0;
      const counted = orders + recovery - (even && recovery > 0 ? 1 : 0);
      t.equal(voters.length, counted, title);
      t.strictSame(voters, [...new Set(voters)]);
      if (recovery > 0) t.equal(voters.length % 2, 1, `${title}: an odd number votes`);
      const alone = voters.length === 1;
      for (const { name } of [...cluster.orders, ...cluster.recovery]) {
        const [plain, init] = [
          await afterLoss(members, name, false),
          await afterLoss(members, name, true),
        ];
        if (alone && name === 'order-1') {
          t.match(plain, /refused: .*order-1\/identity\.json is missing, and no other member/);
          t.equal(init, 'a voter', `${title}: ${name} begins with nothing when told so`);
        } else t.strictSame([plain, init], ['a learner', 'a learner'], `${title}: ${name}`);
      }
      const warnings = votingWarnings(cluster).join('\n');
      t.equal(/order-1 is the only voter of the order group/.test(warnings), alone, title);
      for (const { name } of cluster.recovery) {
        const isIdle = groupsOf(cluster, name).length === 0;
        t.equal(warnings.includes(`${name} votes in no group`), isIdle, `${title}: ${name}`);
      }
      const verdicts = new Set(checkVoters(cluster).map(({ verdict }) => verdict));
      t.strictSame([...verdicts], [warnings === '' ? 'ok' : 'doubt'], title);
    }
  }
});

t.test(
  '--repair makes a learner if others vote, and keeps the vote of an only voter',
  async (t) => {
    for (const [orders, recovery, learner] of [
      [1, 0, false],
      [1, 1, false],
      [1, 2, true],
      [2, 0, true],
      [3, 0, true],
    ] as const) {
      const cluster = clusterOf(orders, recovery);
      const disk = new MemoryDisk();
      const members = namesOf(cluster);
      await formatCluster(disk, '/data', { members, random: seededRandom(1) });
      const start = async (repair: boolean) => {
        const options = { id: 'order-1', members, init: false, random: seededRandom(2) };
        const identity = await openIdentity(disk, '/data/order-1', options);
        const alone = votersOf(cluster, 'order').length === 1;
        const log = identity.log('order');
        const common = { log, keepAll: true, repair, alone, logger: silentLogger, disk, sizes };
        return { identity, folder: await openLog('/data/order-1', common) };
      };
      const { folder } = await start(false);
      folder.journal.append([{ kind: 'promise', epoch: 3, leader: 'order-2' }]);
      await folder.journal.close();
      disk.flipBit('/data/order-1/journal/00000001.seg', 5);
      const way = learner ? /learns the rest from its group/ : /bring the file back from a copy/;
      await t.rejects(start(false), { code: 'corruption', message: way });
      const repaired = await start(true);
      t.equal(repaired.identity.learner, learner, `${orders} and ${recovery}`);
      await repaired.folder.journal.close();
    }
  },
);
