/** What an operator reads of a member's roles: each change once, in a sentence. */
import t from 'tap';
import { silentLogger } from '../../src/base/logging.js';
import { RoleLog } from '../../src/group/role-log.js';

function stage() {
  const told: string[] = [];
  const logger = {
    ...silentLogger,
    info: (_fields: object, message: string) => told.push(message),
  };
  const log = new RoleLog('order', logger);
  const status = { id: 'order-1', serving: false, epoch: 1, logEnd: { epoch: 1, seq: 7 } };
  return {
    told,
    saw: (role: 'leader' | 'follower' | 'learner', more: object = {}) =>
      log.saw({ ...status, role, leader: undefined, ...more }),
  };
}

t.test('an election and its end are logged', async (t) => {
  const { told, saw } = stage();
  saw('follower');
  saw('leader', { epoch: 2 });
  saw('leader', { epoch: 2, serving: true });
  saw('leader', { epoch: 2, serving: true });
  saw('follower', { epoch: 3 });
  saw('follower', { epoch: 3, leader: 'order-2' });
  saw('follower', { epoch: 3, leader: 'order-2' });
  t.same(told, [
    'is elected by the order group, not serving yet',
    'leads the order group',
    'no longer leads the order group',
    'follows order-2',
  ]);
});

t.test('the same leader in another epoch is logged', async (t) => {
  const { told, saw } = stage();
  saw('follower', { epoch: 3, leader: 'order-2' });
  saw('follower', { epoch: 4, leader: 'order-2' });
  t.same(told, ['follows order-2', 'follows order-2']);
});

t.test('a member with a damaged journal end is logged until it leads', async (t) => {
  const { told, saw } = stage();
  const doubt = { afterSeq: 7, throughSeq: 9 };
  saw('learner', { doubt });
  saw('leader', { epoch: 2, doubt });
  t.match(told, [/entries after 7 through 9/, /is elected/]);
});

t.test('a doubt that prevents a candidacy is logged, with what to do', async (t) => {
  const { told, saw } = stage();
  const doubt = { afterSeq: 7, throughSeq: 9 };
  const failure = (reason: string) => ({ candidacy: { failure: { reason, agoMs: 0 } } });
  saw('learner', { doubt });
  for (let i = 0; i < 3; i++) saw('learner', { doubt, ...failure('doubtful') });
  t.match(told, [/entries after 7 through 9/, /cannot lead.*A group that cannot resolve a doubt/]);
  t.equal(told.length, 2);
});

t.test('a member that returns, and has caught up, is logged', async (t) => {
  const { told, saw } = stage();
  saw('learner', { leader: 'order-2' });
  saw('learner', { leader: 'order-2' });
  saw('follower', { leader: 'order-2' });
  t.same(told, [
    'has no vote in the order group yet: fetches what it missed',
    'has caught up with the others and votes again',
    'follows order-2',
  ]);
});

t.test('a candidacy without a majority is logged with its reason, once', async (t) => {
  const { told, saw } = stage();
  const failure = (reason: string) => ({ candidacy: { failure: { reason, agoMs: 0 } } });
  saw('leader', { serving: true });
  saw('follower', failure('unattended'));
  saw('leader', { serving: true });
  saw('follower', failure('unacknowledged'));
  for (let i = 0; i < 3; i++) saw('follower', failure('unreachable'));
  saw('follower', { ...failure('unreachable'), leader: 'order-2' });
  t.same(told, [
    'leads the order group',
    'no longer leads the order group: no frontend reaches it, and one nominated another member',
    'leads the order group',
    'no longer leads the order group: no majority of the members answers it',
    'cannot lead the order group: too few members answered; check the network between the members',
    'follows order-2',
  ]);
});
