import t from 'tap';
import { leaseLimits } from '../../../src/base/limits.js';
import { CatalogMachine } from '../../../src/catalog/machine/catalog-machine.js';
import { CatalogLog } from '../log-builder.js';

t.test('a process is registered until it is deregistered, in every state', async (t) => {
  const log = new CatalogLog();
  const { machine } = log;
  const empty = machine.hash();
  t.same(log.append(['register', 'p', 'frontend-1']), { kind: 'registered', ok: true });
  log.append(['register', 'q', 'frontend-2']);
  t.same(machine.registered(), [
    ['p', 'frontend-1'],
    ['q', 'frontend-2'],
  ]);
  t.not(machine.hash(), empty);
  const copy = new CatalogMachine();
  copy.restore(machine.snapshot());
  t.same(copy.registered(), machine.registered());
  t.equal(copy.hash(), machine.hash());
  log.append(['deregister', 'p']);
  t.equal(machine.isRegistered('p'), false);
  t.equal(machine.isRegistered('q'), true);
  t.equal(copy.isRegistered('p'), true);
});

t.test(
  'the number of processes is limited, and registered processes stay registered',
  async (t) => {
    const log = new CatalogLog();
    for (let i = 0; i < leaseLimits.processesMax; i++) log.append(['register', `p${i}`, 'f']);
    t.same(log.append(['register', 'late', 'f']), { kind: 'registered', ok: false });
    t.same(log.append(['register', 'p3', 'f']), { kind: 'registered', ok: true });
    log.append(['deregister', 'p0']);
    t.same(log.append(['register', 'late', 'f']), { kind: 'registered', ok: true });
    log.machine.invariants();
  },
);
