import t from 'tap';
import { MemberHandler } from '../../src/group/member-handler.js';
import type { GroupStatus } from '../../src/group/types.js';
import { ManualClock } from '../helpers/manual-clock.js';

function newHandler(clock: ManualClock): MemberHandler {
  const status = () => {
    throw new Error('nobody asks');
  };
  return new MemberHandler({ status, nominate: () => {}, attended: () => {}, pid: 1, clock });
}

t.test('an audit mark is sent to requests before and after its entry', async (t) => {
  const handler = newHandler(new ManualClock());
  const early = [handler.mark('a'), handler.mark('a')];
  const other = handler.mark('b');
  handler.marked('a', [7, 'hash']);
  t.strictSame(await Promise.all(early), [
    [7, 'hash'],
    [7, 'hash'],
  ]);
  t.strictSame(await handler.mark('a'), [7, 'hash']);
  handler.marked('b', [8, 'other']);
  t.strictSame(await other, [8, 'other']);
});

t.test('requests for audits that are never applied make room for later ones', async (t) => {
  const clock = new ManualClock();
  const handler = newHandler(clock);
  const lost = Array.from({ length: 64 }, (_, at) => handler.mark(`lost ${at}`));
  const ends = Promise.all(lost.map((one) => t.rejects(one, { code: 'deadline_exceeded' })));
  await t.rejects(handler.mark('one more'), { code: 'overloaded' });
  clock.advance(60_000);
  await ends;
  const next = handler.mark('next');
  handler.marked('next', [1, 'hash']);
  t.strictSame(await next, [1, 'hash']);
});

t.test('a health check attends the member unless its frontend receives no answers', async (t) => {
  let attended = 0;
  const handler = new MemberHandler({
    ...{ status: () => ({}) as GroupStatus, nominate: () => {}, pid: 1 },
    attended: () => {
      attended += 1;
    },
    clock: new ManualClock(),
  });
  const answers: unknown[] = [];
  const reply = { result: (value: unknown) => void answers.push(value), fail: () => {} };
  handler.request('health_check', { answered: true }, reply);
  t.equal(attended, 1);
  handler.request('health_check', { answered: false }, reply);
  t.equal(attended, 1, 'what it sends arrives, and what it is told does not');
  handler.request('health_check', {}, reply);
  t.equal(attended, 2, 'a frontend of the build before cannot say');
  t.equal(answers.length, 3);
});

t.test('a health check reports the log time and the currency that are known', async (t) => {
  const answers: unknown[] = [];
  const reply = { result: (value: unknown) => void answers.push(value), fail: () => {} };
  const options = {
    ...{ status: () => ({}) as GroupStatus, nominate: () => {}, attended: () => {}, pid: 1 },
    clock: new ManualClock(),
  };
  let currency: string | undefined;
  const handler = new MemberHandler({ ...options, logTime: () => 7, currency: () => currency });
  handler.request('health_check', {}, reply);
  currency = 'CHF';
  handler.request('health_check', {}, reply);
  new MemberHandler(options).request('health_check', {}, reply);
  t.strictSame(answers, [
    { pid: 1, logTime: 7 },
    { pid: 1, logTime: 7, currency: 'CHF' },
    { pid: 1 },
  ]);
});
