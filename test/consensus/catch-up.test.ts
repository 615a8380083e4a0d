/** What a nominee does about a log that is ahead of its own (docs/PROTOCOL.md, R4). */
import t from 'tap';
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

t.test('the nominee fetches, truncating what conflicts', async (t) => {
  const cluster = ahead(['a', 'b', 'c'], ['a', 'b']);
  cluster.nominate('c');
  cluster.run(50);
  t.equal(cluster.member('c').values.length, 30);
  // The old leader had appended more, which nobody heard of: c gives way to it nowhere.
  t.equal(cluster.member('c').serving, true);
});

t.test('what memory has lost comes from the source’s journal', async (t) => {
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
  'a source that dies is replaced by the next best of a majority, or nobody leads',
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

t.test('an answer of a source that has promised another counts for nothing', async (t) => {
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
