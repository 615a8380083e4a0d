/**
 * The order leader, then the catalog leader, is cut off only from all frontends, with real processes:
 * its peers and the other group still reach it. It yields, and another member leads and sells within the
 * limit (docs/PROTOCOL.md, R1, I12); no acknowledged order is lost.
 */
import t from 'tap';
import { replacesCutLeaders } from './cut-leaders.js';

const stores = [
  { frontends: 1, portOffset: 3891 },
  { frontends: 2, portOffset: 4031 },
] as const;

for (const { frontends, portOffset } of stores) {
  t.test(`a leader that none of ${frontends} frontends reaches is replaced`, async (t) => {
    await replacesCutLeaders(t, {
      size: { catalogs: 2, orders: 3, recovery: 1, frontends },
      portOffset,
      losesLinesTo: (fleet) => fleet.frontends,
    });
  });
}
