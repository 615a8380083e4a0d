/**
 * The order leader, then the catalog leader, is cut off only from its peers, with real processes:
 * frontends and the other group still reach it. Another member leads and sells within the limit
 * (docs/PROTOCOL.md, I12); no acknowledged order is lost.
 */
import t from 'tap';
import { replacesCutLeaders } from './cut-leaders.js';

t.test('a leader that is cut off only from its peers is replaced', async (t) => {
  await replacesCutLeaders(t, {
    size: { catalogs: 2, orders: 3, recovery: 1, frontends: 2 },
    portOffset: 3761,
    losesLinesTo: (fleet, group) => fleet.voters(group),
  });
});
