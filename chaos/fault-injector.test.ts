/** The one rule of the injector: in a group one disk is lost at a time, whatever falls together. */
import t from 'tap';
import { FaultInjector } from './fault-injector.js';
import type { Fleet } from './fleet.js';

const members = ['catalog-1', 'catalog-2', 'recovery-1'];

/** A fleet whose members are voters until they are wiped, and from then on for ever learners. */
function build() {
  const wiped: string[] = [];
  const down = new Set<string>();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const fleet = {
    ...{ members, frontends: [], names: members },
    async status() {
      await turn();
      return members.map((name) => ({
        ...{ name, group: 'catalog' },
        role: wiped.includes(name) ? 'learner' : name === 'catalog-1' ? 'leader' : 'follower',
      }));
    },
    service: (name: string) => ({
      get runs() {
        return !down.has(name);
      },
      async kill() {
        await turn();
        down.add(name);
      },
      wipe: () => void wiped.push(name),
      start: () => void down.delete(name),
    }),
  } as unknown as Fleet;
  return {
    wiped,
    injector: new FaultInjector(
      fleet,
      () => 0,
      () => {},
    ),
  };
}

t.test('of two injections at once one takes a disk', async (t) => {
  const { wiped, injector } = build();
  const injections = ['recovery', 'catalog-other'] as const;
  await Promise.all(injections.map((who) => injector.inject({ kind: 'wipe', who, downMs: 1 })));
  t.equal(wiped.length, 1);
});

t.test('who lost its disk is waited for until it votes', async (t) => {
  const { wiped, injector } = build();
  await injector.inject({ kind: 'wipe', who: 'catalog-other', downMs: 1 });
  await injector.inject({ kind: 'wipe', who: 'recovery', downMs: 1 });
  t.same(wiped, ['catalog-2']);
  wiped.length = 0;
  await injector.inject({ kind: 'wipe', who: 'recovery', downMs: 1 });
  t.same(wiped, ['recovery-1'], 'the other votes again');
});

t.test('also where it had voted again when both injections fell', async (t) => {
  const { wiped, injector } = build();
  await injector.inject({ kind: 'wipe', who: 'catalog-other', downMs: 1 });
  wiped.length = 0;
  const injections = ['recovery', 'catalog-other'] as const;
  await Promise.all(injections.map((who) => injector.inject({ kind: 'wipe', who, downMs: 1 })));
  t.equal(wiped.length, 1);
});
