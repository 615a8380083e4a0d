import t from 'tap';
import { PendingLeaseHolders } from '../../../src/catalog/coherence/pending-lease-holders.js';

/** The state machine has applied the registration of these, to which the test may add. */
function build(...applied: string[]) {
  const holders = new PendingLeaseHolders({
    isRegistered: (process) => applied.includes(process),
    registered: () => applied.map((process) => [process, 'frontend-1'] as const),
  });
  return { holders, applied };
}

t.test('a registration counts when it is applied, because it may be refused', async (t) => {
  const { holders, applied } = build();
  holders.note(5, ['register', 'p', 'frontend-1']);
  t.equal(holders.has('p'), false);
  holders.note(5, ['register', 'q', 'frontend-1']);
  applied.push('p');
  holders.applied(5);
  t.equal(holders.has('p'), true);
  t.equal(holders.has('q'), false);
});

t.test(
  'a process with a pending deregister is not registered, wherever its entry is',
  async (t) => {
    const { holders } = build('p');
    t.equal(holders.has('p'), true);
    holders.note(5, ['deregister', 'p']);
    t.equal(holders.has('p'), false);
    holders.note(7, ['register', 'p', 'frontend-1']);
    holders.applied(6);
    t.equal(holders.has('p'), false, 'the later registration is not applied yet');
    holders.applied(7);
    t.equal(holders.has('p'), true);
  },
);

t.test('an earlier entry that is reported late does not replace a later one', async (t) => {
  const { holders } = build('p');
  holders.note(7, ['deregister', 'p']);
  holders.note(5, ['register', 'p', 'frontend-1']);
  holders.applied(6);
  t.equal(holders.has('p'), false);
  holders.applied(9);
  holders.note(8, ['deregister', 'p']);
  t.equal(holders.has('p'), true, 'the state machine knows what is applied');
});

t.test('a process must register again once its deregister is decided', async (t) => {
  const { holders } = build('p');
  holders.deregister('p');
  t.equal(holders.has('p'), false);
  holders.keep('p');
  t.equal(holders.has('p'), true);
  holders.deregister('p');
  holders.note(5, ['register', 'p', 'frontend-1']);
  holders.applied(5);
  t.equal(holders.has('p'), false, 'a registration from before the decision is no new one');
  holders.note(6, ['deregister', 'p']);
  holders.note(7, ['register', 'p', 'frontend-1']);
  holders.keep('p');
  t.equal(holders.has('p'), false, 'what the log has is not taken back');
  holders.applied(7);
  t.equal(holders.has('p'), true);
});

t.test('everybody is every process whose last log entry is not a deregister', async (t) => {
  const { holders } = build('p', 'q', 's');
  holders.note(5, ['deregister', 'q']);
  holders.note(6, ['register', 'r', 'frontend-1']);
  holders.note(7, ['cursor', 1]);
  holders.note(8, ['deregister', 's']);
  holders.note(9, ['register', 's', 'frontend-1']);
  t.same([...holders.everybody()].sort(), ['p', 'r', 's']);
});

t.test('a deregister before an epoch that the log lacks does not count', async (t) => {
  const { holders } = build('p', 'q');
  holders.note(5, ['deregister', 'p']);
  holders.gap();
  holders.note(6, ['deregister', 'q']);
  t.same([...holders.everybody()], ['p']);
});
