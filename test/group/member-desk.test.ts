import t from 'tap';
import { MemberDesk } from '../../src/group/member-desk.js';
import { ManualClock } from '../helpers/manual-clock.js';

function newDesk(clock: ManualClock): MemberDesk {
  const status = () => {
    throw new Error('nobody asks');
  };
  return new MemberDesk({ status, nominate: () => {}, pid: 1, clock });
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
