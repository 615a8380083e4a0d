import t from 'tap';
import { MemberDesk } from '../../src/group/member-handler.js';
import type { GroupStatus } from '../../src/group/types.js';
import { ManualClock } from '../helpers/manual-clock.js';

function newDesk(clock: ManualClock): MemberDesk {
  const status = () => {
    throw new Error('nobody asks');
  };
  return new MemberDesk({ status, nominate: () => {}, attended: () => {}, pid: 1, clock });
}

t.test('an audit is told to those who asked before it, and to those who ask after', async (t) => {
  const desk = newDesk(new ManualClock());
  const early = [desk.mark('a'), desk.mark('a')];
  const other = desk.mark('b');
  desk.marked('a', [7, 'hash']);
  t.strictSame(await Promise.all(early), [
    [7, 'hash'],
    [7, 'hash'],
  ]);
  t.strictSame(await desk.mark('a'), [7, 'hash']);
  desk.marked('b', [8, 'other']);
  t.strictSame(await other, [8, 'other']);
});

t.test('those who wait for audits that never come leave room for later ones', async (t) => {
  const clock = new ManualClock();
  const desk = newDesk(clock);
  const lost = Array.from({ length: 64 }, (_, at) => desk.mark(`lost ${at}`));
  const ends = Promise.all(lost.map((one) => t.rejects(one, { code: 'deadline_exceeded' })));
  await t.rejects(desk.mark('one more'), { code: 'overloaded' });
  clock.advance(60_000);
  await ends;
  const next = desk.mark('next');
  desk.marked('next', [1, 'hash']);
  t.strictSame(await next, [1, 'hash']);
});

t.test('a check attends the member unless its frontend hears no answers', async (t) => {
  let attended = 0;
  const desk = new MemberDesk({
    ...{ status: () => ({}) as GroupStatus, nominate: () => {}, pid: 1 },
    attended: () => {
      attended += 1;
    },
    clock: new ManualClock(),
  });
  const answers: unknown[] = [];
  const reply = { result: (value: unknown) => void answers.push(value), fail: () => {} };
  desk.request('health_check', { answered: true }, reply);
  t.equal(attended, 1);
  desk.request('health_check', { answered: false }, reply);
  t.equal(attended, 1, 'what it sends arrives, and what it is told does not');
  desk.request('health_check', {}, reply);
  t.equal(attended, 2, 'a frontend of the build before cannot say');
  t.equal(answers.length, 3);
});
