import t from 'tap';
import type { BazarError } from '../../src/base/errors.js';
import { Deadlines } from '../../src/gateway/deadline.js';
import { ManualClock } from '../helpers/manual-clock.js';

const patienceMs = 100;

function setUp() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, patienceMs);
  const expired: string[] = [];
  const begin = (name: string) =>
    deadlines.begin((error: BazarError) => expired.push(`${name}: ${error.code}`));
  return { clock, deadlines, expired, begin };
}

t.test('a wait that does not end expires at its own deadline', async (t) => {
  const { clock, deadlines, expired, begin } = setUp();
  const first = begin('first');
  clock.advance(60);
  begin('second');
  clock.advance(39);
  t.same(expired, []);
  clock.advance(1);
  t.same(expired, ['first: deadline_exceeded']);
  t.notOk(deadlines.end(first), 'its end comes too late');
  clock.advance(59);
  t.equal(expired.length, 1);
  clock.advance(1);
  t.same(expired, ['first: deadline_exceeded', 'second: deadline_exceeded']);
});

t.test('a wait that ended does not expire, and delays no other', async (t) => {
  const { clock, deadlines, expired, begin } = setUp();
  const [first, second] = [begin('first'), begin('second')];
  begin('third');
  t.ok(deadlines.end(second), 'out of order');
  t.ok(deadlines.end(first));
  t.notOk(deadlines.end(first), 'a wait ends once');
  clock.advance(patienceMs);
  t.same(expired, ['third: deadline_exceeded']);
});

t.test('waits expire behind many that ended', async (t) => {
  const { clock, deadlines, expired, begin } = setUp();
  begin('oldest');
  for (let n = 0; n < 5_000; n++) deadlines.end(begin('ended'));
  clock.advance(50);
  begin('newest');
  clock.advance(50);
  t.same(expired, ['oldest: deadline_exceeded']);
  clock.advance(patienceMs);
  t.same(expired, ['oldest: deadline_exceeded', 'newest: deadline_exceeded']);
  t.ok(deadlines.end(begin('later')), 'an empty list takes new waits');
});
