import t from 'tap';
import { Leases } from '../../../src/catalog/coherence/leases.js';
import { VisibilityGates } from '../../../src/catalog/coherence/visibility-gates.js';
import type { CatalogResult } from '../../../src/catalog/machine/catalog-machine.js';
import type { Entry } from '../../../src/consensus/types.js';
import type { Group, GroupStatus } from '../../../src/group/types.js';
import { encode } from '../../../src/wire/codec.js';
import type { CatalogCommand } from '../../../src/wire/internal.js';
import { ManualClock } from '../../helpers/manual-clock.js';
import { CatalogLog } from '../log-builder.js';
import { settled } from '../one-catalog.js';

const logEnd = 9;

/** Reads the rest of a leader's log. */
interface Reader {
  read(seq: number, command: CatalogCommand, epoch?: number): void;
  end(error?: Error): void;
}

/**
 * A leader just elected: it has applied the registration of p, and reads the rest of its log, to
 * entry 9, as far as the test lets it. A proposal is applied at once.
 */
function build() {
  const log = new CatalogLog();
  log.append(['register', 'p', 'frontend-1']);
  const status = { epoch: 2, logEnd: { epoch: 1, seq: logEnd }, applied: 1 } as GroupStatus;
  let now = status;
  let newest: Reader = { read: () => {}, end: () => {} };
  const group = {
    status: () => now,
    electedMs: 0,
    eachUnapplied: (visit: (entry: Entry) => void) =>
      new Promise<void>((resolve, reject) => {
        newest = {
          read: (seq, command, epoch = 1) =>
            visit({ seq, epoch, time: 0, command: encode(command) }),
          end: (error) => (error ? reject(error) : resolve()),
        };
      }),
  } as unknown as Group<CatalogResult>;
  const clock = new ManualClock();
  const proposed: CatalogCommand[] = [];
  const { machine } = log;
  const gates = new VisibilityGates({ clock, open: () => {} });
  const leases: Leases = new Leases({
    group,
    machine,
    gates,
    async propose(command) {
      proposed.push(command);
      const seq = logEnd + proposed.length;
      leases.appended(seq, command);
      const result = log.append(command);
      leases.applied(seq);
      return result;
    },
  });
  leases.startLeading(status);
  return {
    ...{ leases, proposed, status, clock, gates },
    reader: () => newest,
    applied: (seq: number) => {
      now = { ...status, applied: seq };
    },
  };
}

t.test('no process is registered before the log of the election is read', async (t) => {
  const { leases, proposed, reader } = build();
  let isDone = false;
  const registering = leases.register('p', 'frontend-1').then(() => {
    isDone = true;
  });
  await settled();
  t.equal(isDone, false);
  t.equal(leases.isRegistered('p'), false);
  reader().read(8, ['deregister', 'p']);
  reader().end();
  await registering;
  t.same(proposed, [['register', 'p', 'frontend-1']], 'the log would have deregistered it');
  t.equal(leases.isRegistered('p'), true);
});

t.test('a process that stays registered needs no further entry', async (t) => {
  const { leases, proposed, reader } = build();
  reader().end();
  await leases.register('p', 'frontend-1');
  t.equal(leases.isRegistered('p'), true);
  t.same(proposed, []);
});

t.test('if the log cannot be read, no process is registered until it is applied', async (t) => {
  const { leases, proposed, reader, applied, clock } = build();
  reader().end(new Error('the disk is gone'));
  await t.rejects(leases.register('p', 'frontend-1'), { code: 'unavailable' });
  t.equal(leases.isRegistered('p'), false);
  // By then no lease of a former leader lasts.
  clock.advance(10_000);
  await leases.deregisterDead();
  t.same(proposed, [], 'no process is deregistered either');
  applied(logEnd);
  await leases.register('p', 'frontend-1');
  t.equal(leases.isRegistered('p'), true);
});

t.test('a late read of a former lead does not affect the next lead', async (t) => {
  const { leases, proposed, status, reader } = build();
  const former = reader();
  leases.resign();
  leases.startLeading({ ...status, epoch: 3 });
  former.read(8, ['deregister', 'p']);
  former.end();
  await settled();
  t.equal(leases.isRegistered('p'), false, 'this one has not read its log');
  reader().end();
  await leases.register('p', 'frontend-1');
  t.same(proposed, [], 'and no process deregisters it there');
  t.equal(leases.isRegistered('p'), true);
});

t.test('a leader does not wait for a process whose last log entry is a deregister', async (t) => {
  const { gates, reader } = build();
  t.equal(gates.sessions.has('p'), true, 'until the log is read everybody is');
  reader().read(8, ['deregister', 'p']);
  reader().end();
  await settled();
  t.equal(gates.sessions.has('p'), false);
});

t.test('a leader waits for it if another leader may have led without that entry', async (t) => {
  /** Does a leader wait for the process if entries of these epochs follow its deregister entry? */
  const isAwaited = async (deregisteredIn: number, later: readonly number[], elected: number) => {
    const { gates, leases, status, reader } = build();
    leases.resign();
    leases.startLeading({ ...status, epoch: elected });
    reader().read(2, ['deregister', 'p'], deregisteredIn);
    for (const [place, epoch] of later.entries()) reader().read(3 + place, ['cursor', 1], epoch);
    reader().end();
    await settled();
    return gates.sessions.has('p');
  };
  t.equal(await isAwaited(1, [1, 2], 3), false, 'the leader of epoch 2 knew of it');
  t.equal(await isAwaited(1, [1, 3], 4), true, 'the log lacks epoch 2');
  t.equal(await isAwaited(1, [1, 2], 4), true, 'nor of epoch 3');
});
