/**
 * Replays the documents in scenarios/ and compares. `node … scenarios.test.js --rewrite` records
 * what happens now instead: read the diff before you commit it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Scenario } from './scenario.js';

const folder = new URL('../../../test/consensus/scenarios/', import.meta.url).pathname;
const rewrites = process.argv.includes('--rewrite');

for (const name of readdirSync(folder).sort()) {
  t.test(name.replace(/\.txt$/, '').replaceAll('-', ' '), async (t) => {
    const path = join(folder, name);
    const recorded = readFileSync(path, 'utf8');
    const now = new Scenario().run(recorded);
    if (rewrites) writeFileSync(path, now);
    else t.equal(now, recorded);
  });
}
