import t from 'tap';
import { HotItems, type UncachedRead } from '../../../src/frontend/cache/request-coalescing.js';
import { ManualClock } from '../../helpers/manual-clock.js';

const id = 8;
const usualCrowd = 16;
/** No timer of these tests waits longer for those who came. */
const soonMs = 4;
/** Nor does any wait longer at all. */
const latestMs = 10;
const calmMs = 16;

interface Told extends UncachedRead {
  readonly question: number;
}

/** An item of which a crowd has just asked; its questions are answered when the test says. */
function stageHot({ crowd = usualCrowd } = {}) {
  const clock = new ManualClock();
  const patience: number[] = [];
  const unanswered: ((fails?: boolean) => void)[] = [];
  let version = 1;
  let kept: Told | undefined;
  const items = new HotItems<Told>({
    clock,
    crowd,
    kept: () => kept,
    ask: (_id, { deadlineMs }) => {
      const question = patience.push(deadlineMs);
      return new Promise((resolve, reject) => {
        unanswered.push((fails = false) => {
          if (fails) reject(new Error('no replica'));
          else resolve({ version, question });
        });
      });
    },
  });
  items.wanted(id, crowd);
  return {
    items,
    clock,
    /** The deadline of each question. */
    patience,
    /** What each of so many who come is told; undefined where the item is not hot. */
    come: (readers: number, deadlineMs = 1_000) =>
      Array.from({ length: readers }, () => items.join(id, { deadlineMs })),
    async answer(fails = false): Promise<void> {
      for (const reply of unanswered.splice(0)) reply(fails);
      await nextTurn();
    },
    /** Only the newest question. */
    async answerLast(): Promise<void> {
      unanswered.pop()?.();
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

t.test('fewer than a crowd make nothing hot', async (t) => {
  const { items } = stageHot();
  items.wanted(id + 1, usualCrowd - 1);
  t.notOk(items.has(id + 1));
  t.equal(items.join(id + 1, { deadlineMs: 1_000 }), undefined);
});

t.test('one question is for all who have come before it, and for nobody else', async (t) => {
  const { clock, patience, come, answer } = stageHot();
  const before = come(20);
  t.same(patience, [], 'they wait for others');
  clock.advance(soonMs);
  const after = come(20);
  await answer();
  for (const told of await Promise.all(before)) t.equal(told?.question, 1);
  clock.advance(soonMs);
  await answer();
  for (const told of await Promise.all(after)) t.equal(told?.question, 2);
});

t.test('the more a question was for, the later the next one comes', async (t) => {
  const { clock, patience, come, answer } = stageHot();
  come(50);
  clock.advance(1);
  t.equal(patience.length, 1);
  await answer();
  come(50);
  await nextTurn();
  t.equal(patience.length, 1, 'though all are back');
  clock.advance(2.7);
  t.equal(patience.length, 1);
  clock.advance(1);
  t.equal(patience.length, 2);

  const few = stageHot();
  few.come(1);
  few.clock.advance(1);
  await few.answer();
  few.come(1);
  await nextTurn();
  t.equal(few.patience.length, 2, 'one reader is soon done with');
});

t.test('a crowd is waited for until it is back, and asked for in that turn', async (t) => {
  const { clock, patience, come, answer } = stageHot();
  come(50);
  clock.advance(1);
  await answer();
  const back = come(49);
  clock.advance(5);
  await nextTurn();
  t.equal(patience.length, 1, 'one is missing');
  back.push(...come(1), ...come(10));
  await nextTurn();
  await answer();
  for (const told of await Promise.all(back)) t.equal(told?.question, 2);
});

t.test('those who wait for an answer are expected back, but not for long', async (t) => {
  const { clock, patience, come } = stageHot();
  come(20);
  clock.advance(1);
  come(20);
  // The question for the first has no answer, and these are as many as it was for.
  clock.advance(1);
  t.equal(patience.length, 2);
  come(20);
  clock.advance(3);
  await nextTurn();
  t.equal(patience.length, 2, 'forty are expected');
  clock.advance(2);
  t.equal(patience.length, 3);
});

t.test('a question waits as long as the most patient of those it is for', async (t) => {
  const { clock, patience, come } = stageHot();
  come(1, 200);
  come(1, 300);
  come(1, 100);
  clock.advance(soonMs);
  t.same(patience, [300]);
});

t.test('nothing is asked where the cache has it', async (t) => {
  const { clock, patience, come, keep } = stageHot();
  const readers = come(20);
  keep(99);
  clock.advance(soonMs);
  for (const told of await Promise.all(readers)) t.equal(told?.question, 99);
  t.same(patience, []);
});

t.test('an item that does not change is hot no more, however many read it', async (t) => {
  const { items, clock, come, answer } = stageHot();
  const all: unknown[] = [];
  for (let ms = 0; ms <= calmMs + latestMs; ms++) {
    all.push(...come(20).filter((told) => told !== undefined));
    clock.advance(1);
    await answer();
  }
  t.notOk(items.any);
  t.same(come(1), [undefined]);
  await Promise.all(all);
});

t.test('an item that changes is hot as long as a crowd comes', async (t) => {
  const { items, clock, come, change, answer } = stageHot();
  for (let ms = 0; ms < 4 * calmMs; ms++) {
    come(ms % 2 === 0 ? 20 : 0);
    clock.advance(1);
    change();
    await answer();
  }
  t.ok(items.has(id));
  for (let ms = 0; ms < 2 * calmMs; ms++) {
    come(ms % 2 === 0 ? 3 : 0);
    clock.advance(1);
    change();
    await answer();
  }
  t.notOk(items.any, 'three are not a crowd');
});

t.test('those whose question is under way are of the crowd', async (t) => {
  const { items, clock, come, change, answer } = stageHot();
  for (let ms = 0; ms < 4 * calmMs; ms++) {
    come(usualCrowd / 4);
    clock.advance(1);
    change();
    if (ms % 4 === 3) await answer();
  }
  t.ok(items.has(id));
});

t.test('where a question fails those it was for look themselves, and soon all do', async (t) => {
  const { items, clock, come, answer } = stageHot();
  const readers = come(20);
  clock.advance(soonMs);
  await answer(true);
  t.same(new Set(await Promise.all(readers)), new Set([undefined]));
  for (let ms = 0; ms <= calmMs + latestMs; ms++) {
    come(20);
    clock.advance(1);
    await answer(true);
  }
  t.notOk(items.any);
});

t.test('a multitude is not made to wait longer than a crowd', async (t) => {
  const { clock, patience, come } = stageHot();
  come(10_000);
  clock.advance(1);
  come(10_000);
  clock.advance(7.9);
  t.equal(patience.length, 1);
  clock.advance(0.1);
  t.equal(patience.length, 2);
});

t.test('an item that a multitude reads while it changes stays hot', async (t) => {
  const { items, clock, come, change, answer } = stageHot();
  for (let period = 0; period < 20; period++) {
    come(400);
    clock.advance(8);
    change();
    await answer();
  }
  t.ok(items.has(id));
});

t.test('readers who did not come do not speed up the questions of those who do', async (t) => {
  const { clock, patience, come, change, answer } = stageHot();
  come(1);
  clock.advance(1);
  await answer();
  clock.advance(11);
  come(100);
  clock.advance(1);
  change();
  await answer();
  come(100);
  clock.advance(4.3);
  t.equal(patience.length, 2);
  clock.advance(0.2);
  t.equal(patience.length, 3);
});

t.test('what the cache has costs no wait but that for the others', async (t) => {
  const { clock, come, keep, change } = stageHot();
  for (let n = 0; n < 3; n++) {
    change();
    keep(n);
    const readers = come(50);
    clock.advance(1);
    for (const told of await Promise.all(readers)) t.equal(told?.question, n);
  }
});

t.test(
  'when sixteen questions hang the readers look themselves, until there are answers',
  async (t) => {
    const stage = stageHot({ crowd: 1 });
    const { items, clock, patience, come, change, answer, answerLast } = stage;
    let last = come(1);
    let answered = 0;
    for (let ms = 1; ms < 100; ms++) {
      clock.advance(1);
      if (!items.any) break;
      last = come(1);
      // So it is seen to change.
      if (ms % 2 === 1) continue;
      change();
      await answerLast();
      answered++;
    }
    t.equal(patience.length - answered, 16);
    t.same(await Promise.all(last), [undefined]);
    items.wanted(id, 1);
    t.notOk(items.any, 'nor is it hot when a crowd comes again');
    await answer();
    items.wanted(id, 1);
    t.ok(items.any);
  },
);

t.test('a crowd that is back while sixteen questions hang is for none more', async (t) => {
  const { items, clock, patience, come, change, answerLast } = stageHot({ crowd: 1 });
  let answered = 0;
  for (let ms = 1; patience.length - answered < 16; ms++) {
    come(1);
    clock.advance(1);
    // So it is seen to change.
    if (ms % 2 === 1) continue;
    change();
    await answerLast();
    answered++;
  }
  const asked = patience.length;
  come(100);
  t.ok(items.has(id));
  await nextTurn();
  t.equal(patience.length, asked);
});
