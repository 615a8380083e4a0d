/** The first stock, over a catalog of one replica. */
import t from 'tap';
import { stockOnce } from '../../../src/catalog/service/stock-once.js';
import type { LogRecord } from '../../../src/consensus/types.js';
import { encode } from '../../../src/wire/codec.js';
import { product } from '../log-builder.js';
import { openCatalog } from '../one-catalog.js';

/** Three products in two parts. */
const names = ['Tux', 'Whale', 'Bear'];
const together = 2;
const parts = [names.slice(0, together), names.slice(together)].map((some) =>
  encode(some.map((name) => product(name))),
);

const settled = async () => {};
const settings = async () => ({ restockTo: 0, bundled: [] });

t.test('only the first leader logs the first stock, in parts', async (t) => {
  const disk: LogRecord[] = [];
  let readings = 0;
  const read = async () => {
    readings += 1;
    return { total: names.length, together, needsRules: false, parts };
  };
  const { store, machine } = await openCatalog(disk);
  await stockOnce({ store, read, settled, settings });
  t.equal(machine.isStocked, true);
  t.same(
    names.map((name) => machine.byName(name)?.[0]),
    [1, 2, 3],
  );
  const next = await openCatalog(disk);
  await stockOnce({ store: next.store, read, settled, settings });
  t.equal(next.machine.productCount, names.length);
  t.equal(readings, 1, 'the file is not needed any more');
});

t.test('an unreadable file is reported', async (t) => {
  const { store } = await openCatalog();
  await t.rejects(
    stockOnce({
      store,
      read: () => Promise.reject(new Error('no such file')),
      settled,
      settings,
    }),
    /no such file/,
  );
});
