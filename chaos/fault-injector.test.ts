/** The rule of the fault injector: a group loses one disk at a time, whatever faults coincide. */
import t from 'tap';
import { FaultInjector } from './fault-injector.js';
import type { Fleet } from './fleet.js';

const members = ['catalog-1', 'catalog-2', 'recovery-1'];

/** A fleet whose members are voters until they are wiped; after that they stay learners. */
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

t.test('of two wipes at once only one takes a disk', async (t) => {
  const { wiped, injector } = build();
  const injections = ['recovery', 'catalog-other'] as const;
  await Promise.all(injections.map((who) => injector.inject({ kind: 'wipe', who, downMs: 1 })));
  t.equal(wiped.length, 1);
});

t.test('the next wipe waits until the wiped member votes again', async (t) => {
  const { wiped, injector } = build();
  await injector.inject({ kind: 'wipe', who: 'catalog-other', downMs: 1 });
  await injector.inject({ kind: 'wipe', who: 'recovery', downMs: 1 });
  t.same(wiped, ['catalog-2']);
  wiped.length = 0;
  await injector.inject({ kind: 'wipe', who: 'recovery', downMs: 1 });
  t.same(wiped, ['recovery-1'], 'the other votes again');
});

t.test(
  'of two wipes at once only one takes a disk, also after the last one votes again',
  async (t) => {
    const { wiped, injector } = build();
    await injector.inject({ kind: 'wipe', who: 'catalog-other', downMs: 1 });
    wiped.length = 0;
    const injections = ['recovery', 'catalog-other'] as const;
    await Promise.all(injections.map((who) => injector.inject({ kind: 'wipe', who, downMs: 1 })));
    t.equal(wiped.length, 1);
  },
);
