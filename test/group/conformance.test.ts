/** What every engine of a group promises to a service: the contract of src/group/types.ts. */
import t, { type Test } from 'tap';
import { logLimits } from '../../src/base/limits.js';
import type { Entry } from '../../src/consensus/types.js';
import { type Engine, elect, engines, serve, settled } from './engines.js';
import { command } from './register.js';

const text = ({ command: bytes }: Entry): string => Buffer.from(bytes).toString();

for (const engine of engines) {
  t.test(`a group over ${engine.name}`, async (t) => {
    proposals(t, engine);
    reads(t, engine);
    gates(t, engine);
    roles(t, engine);
  });
}

function proposals(t: Test, { open }: Engine): void {
  t.test('proposals are appended and applied in the order of the calls', async (t) => {
    const group = await open(t, false);
    const { group: leader, machine } = await serve(group, 'c');
    const seqs: number[] = [];
    const all = ['x', 'y', 'z'].map((value) =>
      leader.propose(command(value), (seq) => seqs.push(seq)),
    );
    const applied = await settled(group, Promise.all(all));
    t.same(
      applied.map(({ result }) => result),
      ['1:x', '2:y', '3:z'],
    );
    t.same(
      applied.map(({ seq }) => seq),
      seqs,
    );
    t.same(seqs, [2, 3, 4], 'after the opening entry');
    t.same(machine.values, ['x', 'y', 'z']);
    await group.until(() => group.member('a').machine.values.length === 3);
    t.same(group.member('a').machine.values, ['x', 'y', 'z'], 'on each replica');
  });

  t.test('a follower refuses proposals and names the leader', async (t) => {
    const group = await open(t, false);
    await serve(group, 'c');
    const { group: follower } = group.member('a');
    await group.until(() => follower.status().leader === 'c');
    const refused = settled(group, follower.propose(command('x')));
    await t.rejects(refused, { code: 'unavailable', details: { leader: 'c' } });
  });

  t.test('an entry has a limited size, and at least one byte', async (t) => {
    const group = await open(t, false);
    const { group: leader } = await serve(group, 'c');
    const large = new Uint8Array(logLimits.uncommittedBytesMax + 1);
    await t.rejects(leader.propose(large), { code: 'too_large' });
    await t.rejects(leader.propose(new Uint8Array(0)), { code: 'invalid_argument' });
  });

  t.test('a limited number of entries waits for its commit', async (t) => {
    const group = await open(t, false);
    const { group: leader, machine } = await serve(group, 'c');
    const max = logLimits.uncommittedEntriesMax;
    const all = Array.from({ length: max + 1 }, () => leader.propose(command('x')));
    const results = await settled(group, Promise.allSettled(all));
    const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    t.match(refused, [{ code: 'overloaded' }]);
    t.equal(machine.values.length, max, 'what was refused is not appended');
  });
}

function reads(t: Test, { open }: Engine): void {
  t.test('a read sees on each replica what was applied before it', async (t) => {
    const group = await open(t, false);
    const { group: leader } = await serve(group, 'c');
    await group.until(() => group.member('a').group.status().leader === 'c');
    const { seq } = await settled(group, leader.propose(command('x')));
    for (const id of ['c', 'a']) {
      const { group: replica, machine } = group.member(id);
      t.ok((await settled(group, replica.readBarrier())) >= seq);
      t.same(machine.values, ['x']);
    }
  });

  t.test('only the leader confirms its lead', async (t) => {
    const group = await open(t, true);
    const { group: leader } = await elect(group, 'c');
    t.equal(leader.status().serving, false);
    await t.resolves(settled(group, leader.confirmLead()), 'also before it serves');
    await t.rejects(settled(group, group.member('a').group.confirmLead()), { code: 'unavailable' });
  });

  t.test('without a leader there is no read position', async (t) => {
    const group = await open(t, false);
    const read = settled(group, group.member('a').group.readBarrier());
    await t.rejects(read, { code: 'unavailable' });
  });
}

function gates(t: Test, { open }: Engine): void {
  t.test('an entry is applied when its gate opens, and no replica applies it before', async (t) => {
    const group = await open(t, true);
    const { group: leader, machine } = await serve(group, 'c');
    const seqs: number[] = [];
    const both = ['x', 'y'].map((value) => leader.propose(command(value), (seq) => seqs.push(seq)));
    await group.until(() => leader.status().commit === 3);
    t.same(seqs, [2, 3]);
    t.same(machine.values, []);
    const position = await settled(group, leader.readBarrier());
    t.equal(position, 1, 'a read does not wait for a closed gate');
    const unapplied: string[] = [];
    await leader.eachUnapplied((entry) => unapplied.push(text(entry)));
    t.same(unapplied, ['x', 'y']);
    leader.openGates(2);
    t.match(await settled(group, both[0] ?? Promise.reject()), { seq: 2, result: '1:x' });
    leader.announceVisible();
    await group.until(() => group.member('a').machine.values.length > 0);
    t.same(group.member('a').machine.values, ['x']);
    leader.openGates(3);
    await settled(group, Promise.all(both));
    t.same(machine.values, ['x', 'y']);
  });
}

function roles(t: Test, { open }: Engine): void {
  t.test('a leader serves when its opening entry is applied, and says so', async (t) => {
    const group = await open(t, true);
    const { group: nominee } = group.member('c');
    const roles: string[] = [];
    nominee.onRole(({ role, serving }) => roles.push(`${role} ${serving}`));
    t.equal(nominee.electedMs, undefined);
    await serve(group, 'c');
    t.same([roles[0], roles.at(-1)], ['leader false', 'leader true']);
    t.type(nominee.electedMs, 'number');
    t.match(nominee.status(), { id: 'c', role: 'leader', leader: 'c', applied: 1, commit: 1 });
    const { group: follower } = group.member('a');
    await group.until(() => follower.status().leader === 'c');
    t.match(follower.status(), { role: 'follower', serving: false });
    t.equal(follower.electedMs, undefined);
  });

  t.test('the next leader has every entry that was acknowledged', async (t) => {
    const group = await open(t, false);
    const first = await serve(group, 'c');
    const old = first.group.status().epoch;
    await settled(group, first.group.propose(command('x')));
    await group.stop('c');
    const { group: leader, machine } = await serve(group, 'b');
    t.same(machine.values, ['x']);
    t.ok(leader.status().epoch > old);
    t.match(await settled(group, leader.propose(command('y'))), { result: '2:y' });
    await group.until(() => group.member('a').machine.values.length === 2);
    t.same(group.member('a').machine.values, ['x', 'y']);
  });

  t.test('a stopped member rejects what waits, and what comes later', async (t) => {
    const group = await open(t, true);
    const { group: leader } = await serve(group, 'c');
    const waiting = leader.propose(command('x'));
    const seen = t.rejects(waiting, { code: 'unavailable', details: { unknown: true } });
    await group.until(() => leader.status().logEnd.seq === 2);
    const early: Promise<unknown>[] = [
      leader.readBarrier(),
      leader.confirmLead(),
      leader.propose(command('y')),
    ];
    const rejected = early.map((one) => t.rejects(one, { code: 'unavailable' }));
    await group.stop('c');
    await Promise.all([seen, ...rejected]);
    await t.rejects(leader.propose(command('z')), { code: 'unavailable' });
    await t.rejects(leader.readBarrier(), { code: 'unavailable' });
    await t.rejects(leader.confirmLead(), { code: 'unavailable' });
  });
}
