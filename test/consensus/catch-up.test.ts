/** What a nominee does about a log that is ahead of its own (docs/PROTOCOL.md, R4). */
import t from 'tap';
import { logLimits } from '../../src/base/limits.js';
import { Cluster } from './cluster.js';

const five = ['a', 'b', 'c', 'd', 'e'];

/** a leads with 30 entries that reached b (and the others named) but not c. */
function ahead(voters: readonly string[], knowing: readonly string[]): Cluster {
  const cluster = new Cluster({ voters });
  cluster.nominate('a');
  cluster.run(50);
  cluster.partition(knowing);
  for (let i = 0; i < 30; i++) cluster.propose('a', `v${i}`);
  cluster.settle();
  cluster.crash('a');
  cluster.heal();
  return cluster;
}

t.test('the nominee fetches entries and truncates conflicting ones', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.nominate('c');
  cluster.run(50);
  t.equal(cluster.member('c').values.length, 30);
  // The old leader had appended more, which nobody heard of: c gives way to it nowhere.
  t.equal(cluster.member('c').serving, true);
});

t.test('entries that memory has dropped come from the source’s journal', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.crash('b');
  cluster.restart('b');
  const { log } = cluster.member('b').core.state;
  log.trim();
  cluster.nominate('c');
  cluster.run(50);
  t.equal(cluster.member('c').values.length, 30);
});

t.test('a source whose log begins later sends its snapshot', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.restart('a');
  cluster.nominate('a');
  cluster.partition(['a', 'b']);
  cluster.run(200);
  cluster.compact('b');
  cluster.crash('a');
  cluster.crash('b');
  cluster.restart('b');
  cluster.heal();
  cluster.nominate('c');
  cluster.run(100);
  t.equal(cluster.member('c').serving, true);
  t.equal(cluster.member('c').values.length, 30);
});

t.test(
  'a dead source is replaced by the next best of a majority, or no member leads',
  async (t) => {
    for (const alone of [true, false]) {
      const cluster = ahead(five, alone ? ['a', 'b'] : ['a', 'b', 'd']);
      cluster.member('e').hung = true;
      cluster.nominate('c');
      const isFetch = (): boolean =>
        cluster.network.some(({ message }) => message.kind === 'fetch');
      for (let i = 0; i < 200 && !isFetch(); i++) {
        if (!cluster.deliver()) for (const id of ['c', 'd', 'b']) cluster.sync(id);
      }
      const source = cluster.network.find(({ message }) => message.kind === 'fetch')?.to ?? '';
      cluster.crash(source);
      cluster.settle();
      t.equal(cluster.member('c').leads, false, 'two promises of five are no majority');
      cluster.member('e').hung = false;
      cluster.run(100);
      t.equal(cluster.member('c').leads, true);
      t.equal(cluster.member('c').values.length, alone ? 0 : 30);
    }
  },
);

t.test('an answer of a source that has promised another nominee is ignored', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.nominate('c');
  const isFetch = (): boolean => cluster.network[0]?.message.kind === 'fetch';
  for (let i = 0; i < 100 && !isFetch(); i++) {
    if (!cluster.deliver()) for (const id of ['b', 'c']) cluster.sync(id);
  }
  cluster.input('b', (core, nowMs) => core.step('a', { kind: 'prepare', epoch: 9 }, nowMs));
  cluster.deliver();
  t.notOk(cluster.network.some(({ message }) => message.kind === 'fetched'));
});

/** b has `common` entries with a, and after them more than a; a has `own` entries that b lacks. */
function parted(common: number, own: number): Cluster {
  const cluster = new Cluster({ voters: ['a', 'b', 'c'] });
  const propose = (id: string, count: number): void => {
    for (let i = 0; i < count; i++) {
      cluster.propose(id, `${id}${i}`);
      if (i % 500 === 0) cluster.settle();
    }
    cluster.settle();
  };
  cluster.nominate('a');
  cluster.run(50);
  propose('a', common);
  cluster.run(100);
  cluster.partition(['a']);
  propose('a', own);
  cluster.crash('a');
  cluster.heal();
  cluster.nominate('b');
  cluster.run(100);
  propose('b', 3);
  cluster.crash('b');
  return cluster;
}

/** Nominates a until it serves; returns how many answers of its source that took. */
function answersUntilServing(cluster: Cluster, max = 20_000): number {
  let answers = 0;
  for (let i = 0; i < max && !cluster.member('a').serving; i++) {
    if (cluster.network[0]?.message.kind === 'fetched') answers += 1;
    if (cluster.deliver() || ['a', 'b', 'c'].some((id) => cluster.sync(id))) continue;
    cluster.nowMs += 25;
    for (const id of ['a', 'c']) cluster.input(id, (core, nowMs) => core.tick(nowMs));
    if (cluster.member('a').core.state.stage.kind === 'follower') cluster.nominate('a');
  }
  return answers;
}

t.test('the nominee finds the point of divergence in a bounded number of answers', async (t) => {
  const page = logLimits.appendEntriesMax;
  for (const common of [0, page - 1, page, page + 1, 3 * page + 7]) {
    for (const own of [1, page + 5]) {
      const cluster = parted(common, own);
      cluster.restart('a');
      const tail = common + own;
      const answers = answersUntilServing(cluster);
      const where = `${common} common, ${own} own: ${answers}`;
      t.equal(cluster.member('a').serving, true, where);
      t.same(cluster.member('a').values.slice(-3), ['b0', 'b1', 'b2']);
      t.equal(cluster.member('a').values.length, common + 3);
      t.ok(answers <= Math.ceil(Math.log2(tail + 1)) + 3, where);
    }
  }
});

t.test(
  'the nominee finds the point of divergence in a source’s journal, below its snapshot',
  async (t) => {
    const cluster = parted(600, 30);
    const c = cluster.member('c');
    const { disk } = c;
    cluster.compact('c');
    c.disk = disk;
    cluster.crash('c');
    cluster.restart('c');
    t.ok(c.core.state.log.base.seq > 600);
    cluster.restart('a');
    answersUntilServing(cluster);
    t.equal(cluster.member('a').serving, true);
    t.equal(cluster.member('a').values.length, 603);
  },
);

t.test('a repeated answer neither ends nor extends a candidacy', async (t) => {
  const cluster = parted(1_200, 1);
  cluster.restart('a');
  cluster.run(25);
  cluster.nominate('a');
  let answers = 0;
  for (let i = 0; i < 5_000 && !cluster.member('a').serving; i++) {
    const [first] = cluster.network;
    if (first?.message.kind === 'fetched' && answers++ % 2 === 0) {
      cluster.network.splice(1, 0, first);
    }
    if (cluster.deliver() || ['a', 'c'].some((id) => cluster.sync(id))) continue;
    cluster.nowMs += 25;
    for (const id of ['a', 'c']) cluster.input(id, (core, nowMs) => core.tick(nowMs));
  }
  t.equal(cluster.member('a').serving, true);
  t.equal(cluster.member('a').core.state.failed, undefined);
});

t.test('a source that does not answer ends the candidacy, with the reason', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.lose((_from, _to, { kind }) => kind === 'fetched');
  cluster.nominate('c');
  cluster.run(900);
  t.equal(cluster.member('c').core.state.stage.kind, 'candidate');
  cluster.run(150);
  t.equal(cluster.member('c').core.state.stage.kind, 'follower');
  t.equal(cluster.member('c').core.state.failed?.reason, 'stalled');
});

t.test('a repeated piece of a snapshot does not extend a candidacy', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.lose((_from, _to, { kind }) => kind === 'fetched');
  cluster.nominate('c');
  cluster.settle();
  const mark = { seq: 20, epoch: 1, time: 0 };
  const { epoch } = cluster.member('c').core.state.promised;
  const piece = { kind: 'chunk', epoch, mark, total: 9, checksum: 0, bytes: new Uint8Array(1) };
  for (let i = 0; i < 8; i++) {
    const chunk = { ...piece, kind: 'chunk', offset: Math.min(i, 2) } as const;
    cluster.member('c').core.step('b', chunk, cluster.nowMs);
    cluster.member('c').core.take();
    cluster.run(200);
  }
  t.equal(cluster.member('c').core.state.failed?.reason, 'stalled');
});
