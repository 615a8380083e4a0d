/** The leader's timer that frees due holds and moves log time, over a catalog of one replica. */
import t from 'tap';
import { holdLimits } from '../../../src/base/limits.js';
import { silentLogger } from '../../../src/base/logging.js';
import { HoldExpiry } from '../../../src/catalog/service/hold-expiry.js';
import type { CatalogStore } from '../../../src/catalog/service/store.js';
import type { LogRecord } from '../../../src/consensus/types.js';
import { decode } from '../../../src/wire/codec.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { digest } from '../log-builder.js';
import { openCatalog, openStore, settled } from '../one-catalog.js';

const { expireEveryMs, expireLinesMax, tickMs } = holdLimits;

async function openShop(options: { readonly movementsMax?: number } = {}) {
  const disk: LogRecord[] = [];
  const catalog = await openStore(disk, undefined, options);
  const { store, clock, machine } = catalog;
  await store.propose(['rules', 3, { restockTo: 0, bundled: [] }]);
  const expiry = new HoldExpiry({ store, clock, logger: silentLogger });
  return {
    ...catalog,
    expiry,
    async hold(name: string, ttlSeconds: number, lines = 1) {
      const key = [digest(`key ${name}`), 0, new Uint8Array(0), machine.lastLogTime] as const;
      const wanted = Array.from({ length: lines }, () => [1, 1] as const);
      const terms = [null, null] as const;
      const [outcome] = await store.proposeTrades(1, [
        ['hold', key, digest(name), wanted, ttlSeconds, terms, null],
      ]);
      if (outcome?.[0] !== 'held') throw new Error(`the hold was ${outcome}`);
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += expireEveryMs) {
        clock.advance(Math.min(expireEveryMs, ms - passed));
        await settled();
      }
    },
    /** The Expire entries of the log, as lists of serial numbers. */
    expired: () =>
      disk.flatMap((record) => {
        if (record.kind !== 'entry' || record.entry.command.length === 0) return [];
        const [name, serials] = decode(record.entry.command) as [string, number[]];
        return name === 'expire' ? [serials] : [];
      }),
  };
}

t.test('without an open hold nothing is logged', async (t) => {
  const shop = await openShop();
  await shop.pass(25_000);
  t.same(shop.expired(), []);
  shop.expiry.stop();
});

t.test('a due hold is freed soon after its time, and not before', async (t) => {
  const shop = await openShop();
  await shop.hold('a', 5);
  t.equal(shop.machine.byId(1)?.[4], 99);
  await shop.pass(4_900);
  t.same(shop.expired(), []);
  await shop.pass(350);
  t.same(shop.expired(), [[1]]);
  t.equal(shop.machine.byId(1)?.[4], 100);
  t.equal(shop.machine.holds.open, 0);
  await shop.pass(30_000);
  t.equal(shop.expired().length, 1, 'then the store is idle again');
  shop.expiry.stop();
});

t.test('while holds are open, an idle store logs an entry every ten seconds', async (t) => {
  const shop = await openShop();
  await shop.hold('a', 60);
  await shop.pass(3 * tickMs + 500);
  t.same(shop.expired(), [[], [], []]);
  t.ok(shop.machine.lastLogTime >= 3 * tickMs, 'so log time keeps up with the clock');
  await shop.pass(60_250 - 3 * tickMs - 500);
  t.same(shop.expired().at(-1), [1]);
  shop.expiry.stop();
});

t.test('many due holds are freed in several entries, without a pause', async (t) => {
  const shop = await openShop();
  for (const name of ['a', 'b', 'c', 'd']) await shop.hold(name, 1, 25);
  t.ok(expireLinesMax > 25);
  await shop.pass(1_300);
  t.equal(shop.expired().flat().length, 4);
  t.equal(shop.machine.byId(1)?.[4], 100);
  shop.expiry.stop();
});

t.test('while the ledger is full, due holds wait without a flood of entries', async (t) => {
  const shop = await openShop({ movementsMax: 4 });
  await shop.store.propose(['rules', 4, { restockTo: 0, bundled: [] }]);
  for (const name of ['a', 'b', 'c']) await shop.hold(name, 1);
  await shop.pass(1_000 + 3 * expireEveryMs);
  t.equal(shop.machine.holds.open, 3);
  t.ok(shop.expired().length <= 2, 'one entry a second');
  await shop.store.propose(['cursor', 0, 0, 4]);
  await shop.pass(1_000 + expireEveryMs);
  t.equal(shop.machine.holds.open, 0);
  shop.expiry.stop();
});

t.test('a replica that does not serve proposes nothing', async (t) => {
  const { clock, store, machine } = await openCatalog();
  const proposed: unknown[] = [];
  const idle = {
    machine: { lastLogTime: 0, holds: { nextDue: 0, dueAt: () => [1] } },
    status: () => ({ ...store.status(), serving: false }),
    propose: (command: unknown) => proposed.push(command),
  } as unknown as CatalogStore;
  const expiry = new HoldExpiry({ store: idle, clock, logger: silentLogger });
  clock.advance(20_000);
  t.same(proposed, []);
  t.equal(machine.holds.open, 0);
  expiry.stop();
});

t.test('one proposal is under way at a time; after a failure comes another', async (t) => {
  const clock = new ManualClock();
  const fails: ((error: Error) => void)[] = [];
  const store = {
    machine: { lastLogTime: 0, holds: { nextDue: 0, dueAt: () => [7] } },
    status: () => ({ serving: true }),
    propose: () => new Promise((_resolve, reject) => fails.push(reject)),
  } as unknown as CatalogStore;
  const expiry = new HoldExpiry({ store, clock, logger: silentLogger });
  clock.advance(30_000);
  t.equal(fails.length, 1);
  fails[0]?.(new Error('the lead was lost'));
  await settled();
  clock.advance(expireEveryMs);
  t.equal(fails.length, 2);
  expiry.stop();
  fails[1]?.(new Error('the lead was lost'));
  await settled();
  clock.advance(30_000);
  t.equal(fails.length, 2, 'none after the stop');
});
