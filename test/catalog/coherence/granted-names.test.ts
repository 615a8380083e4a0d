/**
 * Grants of a name in one spelling are invalidated by a change of any other spelling.
 */
import t from 'tap';
import { leaseLimits } from '../../../src/base/limits.js';
import { grant } from '../../../src/catalog/coherence/grantable-reads.js';
import { VisibilityGates } from '../../../src/catalog/coherence/visibility-gates.js';
import type { WriteSet } from '../../../src/catalog/machine/write-set.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { product } from '../log-builder.js';
import { openStore } from '../one-catalog.js';

const none: WriteSet = { ids: [], changedNames: [], stableNames: [], topics: [] };

function build() {
  const told: Pick<WriteSet, 'ids' | 'changedNames' | 'topics'>[] = [];
  const gates = new VisibilityGates({ clock: new ManualClock(), open: () => {} });
  gates.startLeading(0, 0, 0);
  const holder = {
    process: 'a',
    invalidate(_seq: number, { ids, changedNames, topics }: WriteSet, acknowledged: () => void) {
      told.push({ ids, changedNames, topics });
      acknowledged();
    },
    push: () => {},
  };
  gates.sessions.begin(holder, 0, 0);
  return { gates, told };
}

t.test('adding or removing a name invalidates all its spellings', async (t) => {
  const { gates, told } = build();
  gates.grant(undefined, 'tux');
  gates.grant(undefined, ' TUX');
  gates.grant(undefined, 'Bear');
  gates.appended(1, { ...none, changedNames: ['Tux'] });
  t.same(told, [{ ids: [], changedNames: ['tux', ' TUX'], topics: [] }]);
  t.notOk(gates.isCacheable(undefined, 'TuX'));
  t.ok(gates.isCacheable(undefined, 'Bear'));
  gates.applied(1);
  t.ok(gates.isCacheable(undefined, 'TuX'));
});

t.test('a change of a topic list invalidates all spellings of the topic', async (t) => {
  const { gates, told } = build();
  for (const topic of ['straße', 'strasse', 'toys', '']) gates.grantTopic(topic);
  gates.appended(1, { ...none, topics: ['', 'strasse'] });
  t.same(told, [{ ids: [], changedNames: [], topics: ['', 'straße', 'strasse'] }]);
  t.notOk(gates.isTopicCacheable('STRASSE'));
  t.ok(gates.isTopicCacheable('toys'));
});

t.test('a product asked for in another spelling is granted with that spelling', async (t) => {
  const { store } = await openStore();
  await store.propose(['rules', 1, { restockTo: 0, bundled: [] }]);
  t.same(grant(store, [[], ['TUX', 'Bear'], []])[3], [true, true]);
  const taken = store.gates.grants.take({ ...none, ids: [1], changedNames: ['Tux'] });
  t.same([taken.ids, taken.changedNames], [[1], ['TUX', 'Tux']]);
  await store.propose(['add', product('bear')]);
  t.same(
    store.gates.grants.take({ ...none, changedNames: ['BEAR'] }).changedNames,
    [],
    'the addition invalidated it',
  );
});

t.test('a product is not granted in another spelling when too many names are granted', (t) => {
  const { gates } = build();
  for (let at = 1; at < leaseLimits.absentNamesMax; at++) gates.grant(undefined, `absent ${at}`);
  t.equal(gates.grant(1, 'Tux', 'TUX'), true);
  t.equal(gates.grant(1, 'Tux', 'tux'), false);
  t.equal(gates.grant(1, 'Tux'), true, 'the spelling of the record needs no room');
  t.equal(gates.grant(1, 'Tux', 'TUX'), true, 'this spelling is granted already');
  t.end();
});
