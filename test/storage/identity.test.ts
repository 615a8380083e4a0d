// Birth and identity (docs/PROTOCOL.md, 1 and A8).
import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import type { IdentityOptions } from '../../src/storage/identity.js';
import { formatCluster, openIdentity, readClusterId } from '../../src/storage/identity.js';
import { MemoryDisk } from '../support/memory-disk.js';

const dataDir = '/data';
const members = ['catalog-1', 'catalog-2', 'recovery-1', 'order-1', 'order-2', 'order-3'];

let seeds = 0;
function optionsFor(id: string, more: Partial<IdentityOptions> = {}): IdentityOptions {
  seeds++;
  return { id, members, init: false, random: seededRandom(seeds), ...more };
}

function openAs(disk: MemoryDisk, id: string, more: Partial<IdentityOptions> = {}) {
  return openIdentity(disk, `${dataDir}/${id}`, optionsFor(id, more));
}

async function founded(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await formatCluster(disk, dataDir, { members, random: seededRandom(99) });
  return disk;
}

t.test('a founding makes all members voters of one cluster', async (t) => {
  const disk = await founded();
  const clusterId = await readClusterId(disk, dataDir);
  const incarnations = new Set<string>();
  for (const id of members) {
    const identity = await openAs(disk, id);
    t.match(identity, { clusterId, learner: false });
    incarnations.add(identity.incarnation);
  }
  t.equal(incarnations.size, members.length);
  const text = new TextDecoder().decode(await disk.readFile(`${dataDir}/cluster.json`));
  t.match(JSON.parse(text), { clusterId, members: [...members].sort() });
});

t.test('a member is the same one at each start', async (t) => {
  const disk = await founded();
  const first = await openAs(disk, 'order-2');
  const again = await openAs(disk, 'order-2', { init: true });
  t.equal(again.incarnation, first.incarnation);
  t.equal(again.learner, false);
});

t.test('a founding is done once', async (t) => {
  const disk = await founded();
  const clusterId = await readClusterId(disk, dataDir);
  t.equal(await formatCluster(disk, dataDir, { members, random: seededRandom(5) }), clusterId);
});

t.test('services that found their store at the same time agree', async (t) => {
  const disk = new MemoryDisk();
  const all = await Promise.all(members.map((id) => openAs(disk, id, { init: true })));
  t.equal(new Set(all.map(({ clusterId }) => clusterId)).size, 1);
  t.ok(all.every(({ learner }) => !learner));
  t.notOk(disk.paths().some((path) => path.endsWith('founding.json')));
});

t.test('a service that starts to found a store just founded by others joins it', async (t) => {
  const disk = new MemoryDisk();
  const others = { members, random: seededRandom(1) };
  let isFirst = true;
  // Between its look for a store and its own founding, another service does all of it.
  const create = disk.create.bind(disk);
  disk.create = async (path, bytes) => {
    if (isFirst) {
      isFirst = false;
      await formatCluster(disk, dataDir, others);
    }
    return create(path, bytes);
  };
  const clusterId = await formatCluster(disk, dataDir, { members, random: seededRandom(2) });
  t.equal(clusterId, await readClusterId(disk, dataDir));
  for (const id of members) t.match(await openAs(disk, id), { clusterId, learner: false });
  t.notOk(
    disk.paths().some((path) => path.endsWith('founding.json')),
    'nothing is left behind',
  );
});

t.test('a founding that was interrupted at any step continues', async (t) => {
  for (let stop = 0; stop < 60; stop++) {
    const disk = new MemoryDisk();
    let steps = stop;
    disk.fault = () => (steps-- > 0 ? 'none' : 'hang');
    void formatCluster(disk, dataDir, { members, random: seededRandom(1) });
    for (let turn = 0; turn < 400; turn++) await Promise.resolve();
    disk.fault = undefined;
    disk.crash(seededRandom(stop));
    await formatCluster(disk, dataDir, { members, random: seededRandom(2) });
    const all = await Promise.all(members.map((id) => openAs(disk, id)));
    t.equal(new Set(all.map(({ clusterId }) => clusterId)).size, 1);
    t.ok(all.every(({ learner }) => !learner));
  }
});

t.test('a lost folder returns as another incarnation and a learner', async (t) => {
  for (const init of [false, true]) {
    const disk = await founded();
    const before = await openAs(disk, 'catalog-1');
    disk.erase(`${dataDir}/catalog-1`);
    const lost = await openAs(disk, 'catalog-1', { init });
    t.equal(lost.learner, true);
    t.equal(lost.clusterId, before.clusterId);
    t.not(lost.incarnation, before.incarnation);
    const again = await openAs(disk, 'catalog-1', { init });
    t.match(again, { learner: true, incarnation: lost.incarnation });
  }
});

t.test('being a learner is durable, both ways', async (t) => {
  const disk = await founded();
  const identity = await openAs(disk, 'order-1');
  await identity.log('order').lose();
  disk.crash(seededRandom(1));
  const learner = await openAs(disk, 'order-1');
  t.equal(learner.learner, true);
  await learner.admit();
  disk.crash(seededRandom(1));
  t.match(await openAs(disk, 'order-1'), { learner: false, incarnation: identity.incarnation });
});

t.test("a group's only voter does not begin with nothing unless it is told to", async (t) => {
  const alone = ['catalog-1', 'order-1', 'recovery-1'];
  const disk = new MemoryDisk();
  await formatCluster(disk, dataDir, { members: alone, random: seededRandom(3) });
  disk.erase(`${dataDir}/order-1`);
  const file = `${dataDir}/order-1/identity.json`;
  const refused = openAs(disk, 'order-1', { members: alone });
  await t.rejects(refused, { code: 'conflict', message: new RegExp(file) });
  const told = await openAs(disk, 'order-1', { members: alone, init: true });
  t.equal(told.learner, false);
});

t.test('a start with other members is refused by the file', async (t) => {
  const disk = await founded();
  const other = { members: members.slice(0, 5) };
  const message = /\/data\/cluster\.json/;
  await t.rejects(openAs(disk, 'order-1', other), { code: 'conflict', message });
  await t.rejects(openAs(disk, 'order-1', { ...other, init: true }), { code: 'conflict', message });
  await t.rejects(openAs(disk, 'order-4'), { code: 'conflict', message: /order-4/ });
});

t.test('the order of the members does not matter', async (t) => {
  const disk = await founded();
  t.ok(await openAs(disk, 'order-1', { members: [...members].reverse() }));
});

t.test("another cluster's or member's folder is refused by the file", async (t) => {
  const disk = await founded();
  const other = await founded();
  const identity = `${dataDir}/order-1/identity.json`;
  const stranger = new MemoryDisk();
  await formatCluster(stranger, dataDir, { members, random: seededRandom(7) });
  const foreign = await stranger.readFile(identity);
  await disk.replace(identity, foreign ?? new Uint8Array(0));
  const message = new RegExp(identity);
  await t.rejects(openAs(disk, 'order-1'), { code: 'conflict', message });
  const sibling = await other.readFile(`${dataDir}/order-2/identity.json`);
  await other.replace(identity, sibling ?? new Uint8Array(0));
  await t.rejects(openAs(other, 'order-1'), { code: 'conflict', message });
});

t.test('old folders without cluster.json are not founded again', async (t) => {
  const disk = await founded();
  await disk.remove(`${dataDir}/cluster.json`);
  const founding = formatCluster(disk, dataDir, { members, random: seededRandom(8) });
  await t.rejects(founding, { code: 'conflict', message: /catalog-1\/identity\.json/ });
});

t.test('a store that was never founded is named as such', async (t) => {
  const disk = new MemoryDisk();
  const message = /\/data\/cluster\.json is missing/;
  await t.rejects(openAs(disk, 'order-1'), { code: 'conflict', message });
  await t.rejects(readClusterId(disk, dataDir), { code: 'conflict', message });
  t.strictSame(disk.paths(), []);
});

t.test('several machines found one cluster when they get the same id', async (t) => {
  const clusterId = 'told';
  const [one, two] = [new MemoryDisk(), new MemoryDisk()];
  const first = await openAs(one, 'order-1', { init: true, clusterId });
  const second = await openAs(two, 'order-2', { init: true, clusterId });
  t.strictSame([first.clusterId, second.clusterId], ['told', 'told']);
});

t.test('a damaged identity is refused by name', async (t) => {
  const disk = await founded();
  disk.flipBit(`${dataDir}/order-1/identity.json`, 30);
  await t.rejects(openAs(disk, 'order-1'), {
    code: 'corruption',
    file: `${dataDir}/order-1/identity.json`,
  });
});
