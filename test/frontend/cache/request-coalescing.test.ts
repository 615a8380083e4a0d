import t from 'tap';
import {
  RequestCoalescer,
  type UncachedRead,
} from '../../../src/frontend/cache/request-coalescing.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const id = 8;
const readersMin = 16;
const windowMs = 4;
/** A question without an answer for so long hangs. */
const patienceMs = 50;

interface Answer extends UncachedRead {
  readonly question: number;
}

/** An item whose readers have just become enough; the test says when questions are answered. */
function stage() {
  const clock = new ManualClock();
  const deadlines: number[] = [];
  const unanswered: ((fails: boolean) => void)[] = [];
  let version = 1;
  let kept: Answer | undefined;
  const coalescer = new RequestCoalescer<Answer>({
    clock,
    kept: () => kept,
    ask: (_id, { deadlineMs }) => {
      const question = deadlines.push(deadlineMs);
      return new Promise((resolve, reject) => {
        unanswered.push((fails) => {
          if (fails) reject(new Error('no replica'));
          else resolve({ version, question });
        });
      });
    },
  });
  coalescer.wanted(id, readersMin);
  return {
    coalescer,
    clock,
    /** The deadline of each question. */
    deadlines,
    /** One promise for each reader; undefined where the item is not coalesced. */
    read: (readers: number, deadlineMs = 1_000) =>
      Array.from({ length: readers }, () => coalescer.join(id, { deadlineMs })),
    async answer(fails = false): Promise<void> {
      for (const reply of unanswered.splice(0)) reply(fails);
      await nextTurn();
    },
    change: () => void version++,
    keep: (question: number) => {
      kept = { version, question };
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

t.test('fewer readers than the minimum are not coalesced', async (t) => {
  const { coalescer } = stage();
  coalescer.wanted(id + 1, readersMin - 1);
  t.notOk(coalescer.has(id + 1));
  t.equal(coalescer.join(id + 1, { deadlineMs: 1_000 }), undefined);
});

t.test('one question serves the readers that came before it, and no later ones', async (t) => {
  const { clock, deadlines, read, answer } = stage();
  const before = read(20);
  clock.advance(windowMs - 1);
  t.same(deadlines, [], 'the window is open');
  before.push(...read(1));
  clock.advance(1);
  t.equal(deadlines.length, 1);
  const after = read(20);
  await answer();
  for (const read of await Promise.all(before)) t.equal(read?.question, 1);
  clock.advance(windowMs);
  await answer();
  for (const read of await Promise.all(after)) t.equal(read?.question, 2);
});

t.test('a window without readers sends no question', async (t) => {
  const { clock, deadlines, read, answer } = stage();
  clock.advance(windowMs);
  t.same(deadlines, []);
  read(20);
  clock.advance(windowMs);
  await answer();
  t.equal(deadlines.length, 1);
});

t.test('while a question has no answer its readers and others wait for one question', async (t) => {
  const { clock, deadlines, read, answer } = stage();
  const first = read(20);
  clock.advance(windowMs);
  const later = read(20);
  clock.advance(3 * windowMs);
  later.push(...read(20));
  t.equal(deadlines.length, 1);
  await answer();
  for (const read of await Promise.all(first)) t.equal(read?.question, 1);
  clock.advance(windowMs);
  t.equal(deadlines.length, 2);
  await answer();
  for (const read of await Promise.all(later)) t.equal(read?.question, 2);
});

t.test('a question has the latest deadline of its readers', async (t) => {
  const { clock, deadlines, read } = stage();
  read(1, 200);
  read(1, 300);
  read(1, 100);
  clock.advance(windowMs);
  t.same(deadlines, [300]);
});

t.test('a current entry of the cache is the answer', async (t) => {
  const { clock, deadlines, read, change, keep } = stage();
  for (let n = 0; n < 3; n++) {
    change();
    keep(n);
    const readers = read(20);
    clock.advance(windowMs);
    for (const read of await Promise.all(readers)) t.equal(read?.question, n);
  }
  t.same(deadlines, []);
});

t.test('an item that does not change stops being coalesced', async (t) => {
  const { coalescer, clock, read, answer } = stage();
  const all: unknown[] = [];
  for (let window = 0; window < 4; window++) {
    all.push(...read(20));
    clock.advance(windowMs);
    await answer();
  }
  t.notOk(coalescer.any);
  t.same(read(1), [undefined]);
  await Promise.all(all);
});

t.test('an item stays coalesced while it changes and has enough readers', async (t) => {
  const { coalescer, clock, read, change, answer } = stage();
  for (let window = 0; window < 8; window++) {
    read(window % 2 === 0 ? readersMin : 0);
    // Not in every window.
    if (window % 2 === 0) change();
    clock.advance(windowMs);
    await answer();
  }
  t.ok(coalescer.has(id));
  for (let window = 0; window < 2; window++) {
    read(3);
    change();
    clock.advance(windowMs);
    await answer();
  }
  t.notOk(coalescer.any, 'three readers are too few');
});

t.test('where a question fails each of its readers asks on its own', async (t) => {
  const { coalescer, clock, read, answer } = stage();
  const readers = read(20);
  clock.advance(windowMs);
  await answer(true);
  t.same(new Set(await Promise.all(readers)), new Set([undefined]));
  for (let window = 0; window < 3; window++) {
    read(20);
    clock.advance(windowMs);
    await answer(true);
  }
  t.notOk(coalescer.any, 'nor is the item coalesced for long');
});

t.test(
  'when a question hangs waiting readers ask on their own, until it is answered',
  async (t) => {
    const { coalescer, clock, deadlines, read, answer } = stage();
    read(20);
    clock.advance(windowMs);
    const waiting = read(20);
    clock.advance(patienceMs - windowMs);
    t.ok(coalescer.has(id));
    clock.advance(2 * windowMs);
    t.notOk(coalescer.has(id));
    t.same(new Set(await Promise.all(waiting)), new Set([undefined]));
    t.equal(deadlines.length, 1);
    coalescer.wanted(id, readersMin);
    t.notOk(coalescer.has(id), 'the question is still under way');
    await answer();
    coalescer.wanted(id, readersMin);
    t.ok(coalescer.has(id));
  },
);
