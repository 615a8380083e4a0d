/** A group of three: what holds between hosts, over production peers and the network in memory. */
import t, { type Test } from 'tap';
import { command } from './register.js';
import { Trio } from './trio.js';

async function opened(t: Test, recoveryServers: readonly string[] = []): Promise<Trio> {
  const trio = new Trio(recoveryServers);
  t.teardown(() => trio.close());
  await trio.open();
  return trio;
}

async function propose(trio: Trio, id: string, ...values: string[]): Promise<string[]> {
  const proposed = values.map((value) => trio.member(id).host.propose(command(value)));
  const settled = Promise.all(proposed);
  await trio.clock.advance(10);
  return (await settled).map(({ result }) => result);
}

/** c leads a log of 12 values that reaches back no further than its snapshot; a has nothing. */
async function wipeBehindLog(trio: Trio): Promise<void> {
  await trio.elect('c');
  const big = 'v'.repeat(1024 * 1024);
  for (let i = 0; i < 12; i++) await propose(trio, 'c', `${i}${big}`);
  await trio.compact('c');
  await trio.crash('a');
  trio.wipe('a');
}

t.test('no replica leads before a nomination', async (t) => {
  const trio = await opened(t);
  await trio.clock.advance(2_000);
  for (const { host } of trio.members) t.equal(host.status().role, 'follower');
  await trio.elect('c');
  t.match(trio.member('c').host.status(), { role: 'leader', serving: true, leader: 'c' });
  t.match(trio.member('a').host.status(), { role: 'follower', leader: 'c', epoch: 1 });
});

t.test('every replica applies the committed entries, in order', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  t.same(await propose(trio, 'c', 'x', 'y'), ['1:x', '2:y']);
  await trio.clock.advance(100);
  for (const { machine } of trio.members) t.same(machine.values, ['x', 'y']);
});

t.test('a follower refuses proposals and names the leader', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  const refused = trio.member('a').host.propose(command('x'));
  refused.catch(() => {});
  await trio.clock.settle();
  await t.rejects(refused, { code: 'unavailable', details: { leader: 'c' } });
});

t.test('a follower redirects requests to a nominated member', async (t) => {
  const trio = await opened(t);
  const { host } = trio.member('a');
  host.nominate('b');
  const refused = host.propose(command('x'));
  refused.catch(() => {});
  await trio.clock.settle();
  await t.rejects(refused, { code: 'unavailable', details: { leader: 'b' } });
});

t.test('a barrier at a follower waits until acknowledged entries are applied there', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  const { host, machine } = trio.member('a');
  const proposed = trio.member('c').host.propose(command('x'));
  await trio.clock.settle();
  await proposed;
  t.same(machine.values, [], 'the follower has not heard of the commit yet');
  const barrier = host.readBarrier();
  await trio.clock.settle();
  t.equal(await barrier, 2);
  t.same(machine.values, ['x']);
});

t.test('a barrier without a leader is refused', async (t) => {
  const trio = await opened(t);
  const barrier = trio.member('a').host.readBarrier();
  barrier.catch(() => {});
  await trio.clock.settle();
  await t.rejects(barrier, { code: 'unavailable' });
});

t.test('a crashed leader is replaced at once and no acknowledged entry is lost', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  await propose(trio, 'c', 'x', 'y');
  await trio.crash('c');
  t.equal(trio.member('b').host.status().leader, undefined, 'the closed connection tells');
  trio.member('b').host.nominate('b');
  await trio.clock.settle();
  t.match(trio.member('b').host.status(), { role: 'leader', serving: true, epoch: 2 });
  t.same(trio.member('b').machine.values, ['x', 'y']);
  await propose(trio, 'b', 'z');
  await trio.start('c');
  await trio.clock.advance(2_000);
  t.same(trio.member('c').machine.values, ['x', 'y', 'z'], 'the returning replica catches up');
  t.equal(trio.member('c').host.status().leader, 'b');
});

t.test('requests at a leader cut off from the others have an unknown outcome', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  trio.network.silence('a', 'c');
  trio.network.silence('b', 'c');
  const lost = trio.member('c').host.propose(command('x'));
  lost.catch(() => {});
  await trio.clock.advance(1_100);
  t.equal(trio.member('c').host.status().role, 'follower', 'it steps down after a second');
  await t.rejects(lost, { code: 'unavailable', details: { unknown: true } });
});

t.test('a replica that missed more than memory holds gets entries from the journal', async (t) => {
  const trio = await opened(t);
  await trio.elect('c');
  await trio.crash('a');
  const big = 'v'.repeat(1024 * 1024);
  for (let i = 0; i < 12; i++) await propose(trio, 'c', `${i}${big}`);
  const { log } = trio.member('c').host.core.state;
  t.ok(log.firstInMemory > 2, `memory starts at ${log.firstInMemory}`);
  await trio.start('a');
  await trio.clock.advance(2_000);
  t.equal(trio.member('a').machine.values.length, 12);
  t.equal(trio.member('a').machine.hash(), trio.member('c').machine.hash());
});

t.test('a wiped replica behind the log gets a snapshot and then its vote', async (t) => {
  const trio = await opened(t);
  await wipeBehindLog(trio);
  await trio.start('a');
  t.equal(trio.member('a').host.status().role, 'learner');
  await propose(trio, 'c', 'after');
  await trio.clock.advance(3_000);
  const { host, machine, snapshot, learner } = trio.member('a');
  t.equal(snapshot?.mark.seq, 13, 'the snapshot came in pieces');
  t.equal(machine.values.length, 13);
  t.equal(machine.hash(), trio.member('c').machine.hash());
  t.equal(learner, false, 'made durable');
  t.equal(host.status().role, 'follower');
  await trio.crash('a');
  await trio.start('a');
  await trio.clock.advance(2_000);
  t.equal(trio.member('a').machine.hash(), trio.member('c').machine.hash(), 'and after a restart');
});

t.test('a slow snapshot is sent once', async (t) => {
  const trio = await opened(t);
  await wipeBehindLog(trio);
  trio.member('c').partMs = 1_000;
  await trio.start('a');
  await trio.clock.advance(20_000);
  t.equal(trio.member('a').machine.values.length, 12);
  t.equal(trio.member('c').snapshotsBegun, 1);
});

t.test('a recovery server ahead of the survivor hands over its log', async (t) => {
  const trio = await opened(t, ['c']);
  await trio.elect('b');
  await trio.crash('a');
  await propose(trio, 'b', 'x', 'y');
  await trio.crash('b');
  await trio.start('a');
  await trio.clock.advance(2_000);
  trio.member('c').host.nominate('c');
  await trio.clock.advance(300);
  t.equal(trio.member('c').host.status().role, 'follower', 'a recovery server never leads');
  await trio.elect('a');
  t.match(trio.member('a').host.status(), { role: 'leader', serving: true });
  t.same(trio.member('a').machine.values, ['x', 'y']);
  t.equal(trio.member('c').applied.length, 0, 'the recovery server applies nothing');
});

t.test(
  'a recovery server fetches the leader’s snapshot and can drop its log before it',
  async (t) => {
    const trio = await opened(t, ['c']);
    await trio.elect('b');
    await propose(trio, 'b', 'x', 'y', 'z');
    await trio.compact('b');
    const recoveryServer = trio.member('c');
    recoveryServer.host.fetchSnapshot();
    await trio.clock.advance(100);
    t.equal(recoveryServer.snapshot?.mark.seq, 4);
    await recoveryServer.journal.dropBefore(5);
    await propose(trio, 'b', 'later');
    trio.wipe('a');
    await trio.crash('a');
    await trio.crash('b');
    await trio.crash('c');
    trio.member('a').learner = false;
    for (const id of ['a', 'c']) await trio.start(id);
    await trio.clock.advance(2_000);
    await trio.elect('a');
    await trio.clock.advance(500);
    t.same(trio.member('a').machine.values, ['x', 'y', 'z', 'later'], 'and hands both over');
    t.equal(trio.member('a').host.status().serving, true);
  },
);

t.test('role changes are reported to listeners', async (t) => {
  const trio = await opened(t);
  const told: string[] = [];
  trio.member('b').host.onRole(({ role, serving, leader }) => {
    told.push(`${role} ${serving} ${leader}`);
  });
  await trio.elect('b');
  await trio.elect('c');
  t.equal(trio.member('b').host.status().role, 'leader', 'a healthy leader is not deposed');
  await trio.crash('a');
  await trio.crash('c');
  await trio.clock.advance(1_100);
  const changes = told.filter((status, i) => status !== told[i - 1]);
  const stood = ['leader false b', 'leader true b'];
  t.same(changes, [...stood, 'follower false undefined'], 'and steps down without a majority');
});
