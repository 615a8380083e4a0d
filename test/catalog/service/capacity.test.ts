/** When the leader logs its capacity for purchase keys. */
import t from 'tap';
import { silentLogger } from '../../../src/base/logging.js';
import { keepCapacity } from '../../../src/catalog/service/capacity.js';
import { byClient } from '../log-builder.js';
import { openStore, settled } from '../one-catalog.js';

const settings = { restockTo: 0, bundled: [] };

t.test('the leader logs its capacity once rules 2 apply, and only if it differs', async (t) => {
  const { store, clock, machine } = await openStore();
  const timer = keepCapacity({ store, clock, logger: silentLogger, clientKeysMax: 5_000 });
  const before = machine.clientKeysMax;
  await store.propose(['rules', 1, settings]);
  clock.advance(10_000);
  await settled();
  t.equal(machine.clientKeysMax, before);
  await store.propose(['rules', 2, settings]);
  clock.advance(1_000);
  await settled();
  t.equal(machine.clientKeysMax, 5_000);
  const seq = machine.appliedSeq;
  clock.advance(10_000);
  await settled();
  t.equal(machine.appliedSeq, seq, 'once');
  await store.propose(['capacity', 4_000]);
  clock.advance(1_000);
  await settled();
  t.equal(machine.clientKeysMax, 5_000, 'another leader had logged its own');
  timer.cancel();
});

t.test('a replica that does not serve logs nothing', async (t) => {
  const { store, clock, machine } = await openStore();
  await store.propose(['rules', 2, settings]);
  const seq = machine.appliedSeq;
  const status = store.status();
  store.status = () => ({ ...status, serving: false });
  const timer = keepCapacity({ store, clock, logger: silentLogger, clientKeysMax: 5_000 });
  clock.advance(10_000);
  await settled();
  t.equal(machine.appliedSeq, seq);
  timer.cancel();
});

t.test(
  'nothing is logged for a launcher of an earlier version, which sends no capacity',
  async (t) => {
    const { store, clock, machine } = await openStore();
    await store.propose(['rules', 2, settings]);
    const seq = machine.appliedSeq;
    const timer = keepCapacity({ store, clock, logger: silentLogger, clientKeysMax: undefined });
    clock.advance(10_000);
    await settled();
    t.equal(machine.appliedSeq, seq);
    timer.cancel();
  },
);

t.test('the leader warns once that the table is full, and again after it had room', async (t) => {
  const { store, clock, machine } = await openStore();
  const warnings: Record<string, unknown>[] = [];
  const warn = (fields: Record<string, unknown>): void => void warnings.push(fields);
  const logger = { ...silentLogger, warn };
  const timer = keepCapacity({ store, clock, logger, clientKeysMax: undefined });
  const buy = async (...keys: string[]): Promise<void> => {
    const purchases = keys.map((key) => byClient(key, [[1, 1]], { seenTime: machine.lastLogTime }));
    await store.propose(['sell', 1, 0, purchases]);
    clock.advance(10_000);
    await settled();
  };
  await store.propose(['rules', 2, settings]);
  await store.propose(['capacity', 2]);
  await buy('a');
  t.same(warnings, []);
  await buy('b', 'c');
  t.same(warnings, [{ keys: 2, keysMax: 2 }]);
  await buy('d');
  t.equal(warnings.length, 1, 'once');
  await store.propose(['capacity', 5]);
  await buy();
  await buy('e', 'f', 'g');
  t.same(warnings.slice(1), [{ keys: 5, keysMax: 5 }]);
  timer.cancel();
});
