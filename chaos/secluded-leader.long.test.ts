/**
 * The order leader, then the catalog leader, is cut off from its peers alone, as real processes:
 * frontends and the other group go on reaching it. Another one leads and sells within the bound
 * (docs/PROTOCOL.md, I12); nothing acknowledged is lost.
 */
import t from 'tap';
import { replacesCutLeaders } from './cut-leaders.js';

t.test('a leader that is cut off from its peers alone is replaced', async (t) => {
  await replacesCutLeaders(t, {
    size: { catalogs: 2, orders: 3, recovery: 1, frontends: 2 },
    portOffset: 3761,
    losesLinesTo: (fleet, group) => fleet.voters(group),
  });
});
