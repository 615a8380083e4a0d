/** Tests over random or damaged data, with all the runs that `npm test` has no time for. */
import { fileURLToPath } from 'node:url';
import t from 'tap';

const limitMs = 900_000;
const files = [
  ...['catalog/machine/catalog-properties', 'catalog/tables/tables-properties'],
  ...['consensus/random', 'group/every-byte', 'storage/compaction-crash'],
  ...['storage/journal-crash', 'storage/journal-damage', 'storage/snapshot-crash'],
];

t.setTimeout(limitMs);
const env = { ...process.env, BAZAR_TEST_THOROUGH: '1' };
for (const name of files) {
  const file = fileURLToPath(new URL(`${name}.test.js`, import.meta.url));
  await t.spawn(process.execPath, ['--enable-source-maps', file], { env }, name);
}
