import t, { type Test } from 'tap';
import { BazarError } from '../../../src/base/errors.js';
import { toProduct } from '../../../src/frontend/answers.js';
import { encode } from '../../../src/wire/codec.js';
import type { ProductRecord, UncachedReadAnswer } from '../../../src/wire/internal.js';
import type { LookupAnswer } from '../../../src/wire/thread-requests.js';
import { epoch, stageOperations } from '../staged-operations.js';

const tux: ProductRecord = [8, 'Tux', 'toys', 1990, 100, 1];
const found: LookupAnswer = [tux, epoch, 1];
const absent: LookupAnswer = [null, epoch, 1];
const soldOut = { code: 'not_found' };

t.test('one question by name serves all later look-ups by name and by id', async (t) => {
  const { operations, asked, soon } = stageOperations(() => found);
  await operations.lookup({ name: 'Tux' }, soon());
  await operations.lookup({ name: 'Tux' }, soon());
  await operations.lookup({ id: 8 }, soon());
  t.equal(asked.length, 1);
});

t.test('a product whose name moved to another during the question is not cached', async (t) => {
  const { operations, versions, asked, soon } = stageOperations(() => {
    if (asked.length === 1) versions.invalidate(versions.nameBucket('Tux'), 1);
    return found;
  });
  await operations.lookup({ name: 'Tux' }, soon());
  t.equal(operations.cached({ name: 'Tux' }), undefined);
  t.equal(
    operations.cached({ id: 8 }),
    undefined,
    'the leader granted the product that had the name before',
  );
});

t.test('the absence of a product is answered from the cache, by id and by name', async (t) => {
  const { operations, asked, soon } = stageOperations(() => absent);
  for (const item of [{ id: 99 }, { name: 'Dodo' }]) {
    await t.rejects(operations.lookup(item, soon()), soldOut);
    await t.rejects(operations.lookup(item, soon()), soldOut);
  }
  t.equal(asked.length, 2);
});

t.test('adding a product ends the cached absence', async (t) => {
  const { operations, versions, asked, soon } = stageOperations(() => absent);
  await t.rejects(operations.lookup({ id: 99 }, soon()), soldOut);
  await t.rejects(operations.lookup({ name: 'Dodo' }, soon()), soldOut);
  versions.invalidate(versions.idBucket(0), 1);
  versions.invalidate(versions.nameBucket('Dodo'), 1);
  t.equal(operations.cached({ id: 99 }), undefined);
  t.equal(operations.cached({ name: 'Dodo' }), undefined);
  t.equal(asked.length, 2);
});

t.test('a shared question gives no answer from before the minimum position', async (t) => {
  let seq = 1;
  const { operations, versions, asked, soon } = stageOperations(
    () => [tux, epoch, seq++] satisfies LookupAnswer,
  );
  versions.invalidate(versions.idBucket(8), 2);
  await Promise.all([operations.lookup({ id: 8 }, soon()), operations.lookup({ id: 8 }, soon())]);
  t.equal(asked.length, 2);
});

t.test('a shared question gives no answer that another leader granted', async (t) => {
  const { operations, asked, soon } = stageOperations(
    () => [tux, epoch - 1, 1] satisfies LookupAnswer,
  );
  await Promise.all([operations.lookup({ id: 8 }, soon()), operations.lookup({ id: 8 }, soon())]);
  t.equal(asked.length, 2);
});

t.test('a shared question gives no absence from before a product was added', async (t) => {
  let add = (): void => {};
  const added = new Promise<void>((resolve) => {
    add = resolve;
  });
  const { operations, versions, asked, soon } = stageOperations(async () => {
    if (asked.length > 1) return [[99, 'Dodo', 'toys', 1990, 100, 1], epoch, 2];
    await added;
    return absent;
  });
  const before = operations.lookup({ id: 99 }, soon());
  versions.invalidate(versions.idBucket(0), 2);
  const after = operations.lookup({ id: 99 }, soon());
  add();
  await t.rejects(before, soldOut);
  t.match(await after, { name: 'Dodo' });
});

t.test('a product that was added during the question is neither cached nor shared', async (t) => {
  const { operations, versions, asked, soon } = stageOperations(() => {
    if (asked.length === 1) versions.invalidate(versions.idBucket(0), 1);
    return found;
  });
  await operations.lookup({ id: 8 }, soon());
  t.equal(operations.cached({ id: 8 }), undefined, 'the leader granted the absence');
  const shared = stageOperations(() => {
    if (shared.asked.length === 1) shared.versions.invalidate(shared.versions.idBucket(0), 1);
    return found;
  });
  await Promise.all([1, 2].map(() => shared.operations.lookup({ id: 8 }, shared.soon())));
  t.equal(shared.asked.length, 2, 'no leader would invalidate it');
});

/** A shop whose first question is answered when the test says. */
function stageSlow(t: Test) {
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let seq = 1;
  const stage = stageOperations(async () => {
    const answer: LookupAnswer = [tux, epoch, seq++];
    if (seq === 2) await answered;
    return answer;
  });
  const { operations, versions, soon } = stage;
  const first = operations.lookup({ id: 8 }, soon());
  versions.invalidate(versions.idBucket(8), 2);
  const later = [1, 2, 3].map(() => operations.lookup({ id: 8 }, soon()));
  t.equal(stage.asked.length, 1, 'they came too late to share it, and wait');
  return { ...stage, later, all: () => Promise.all([first, ...later]), answer };
}

t.test('a reader that is too late to share a question shares the next one', async (t) => {
  const { asked, all, answer } = stageSlow(t);
  answer();
  await all();
  t.equal(asked.length, 2);
});

t.test('no reader waits long for a question without an answer', async (t) => {
  const { asked, clock, later } = stageSlow(t);
  clock.advance(50);
  await Promise.all(later);
  t.equal(asked.length, 2, 'one question serves all later readers');
});

/** Operations on one product that changes with every question, after enough reads for coalescing. */
async function stageCoalesced(t: Test, uncachedRead: () => UncachedReadAnswer = () => tux) {
  const stage = stageOperations(({ method }) => {
    if (method === 'glance') return uncachedRead();
    stage.versions.invalidate(stage.versions.idBucket(8), stage.asked.length + 1);
    return [tux, epoch, stage.asked.length] satisfies LookupAnswer;
  });
  const visit = (visitors: number) =>
    Promise.all(
      Array.from({ length: visitors }, () => stage.operations.lookup({ id: 8 }, stage.soon())),
    );
  await visit(16);
  t.equal(stage.asked.length, 2, 'one for the first reader, one for the others');
  return { ...stage, visit };
}

t.test('many readers of an item that changes all the time share one uncached read', async (t) => {
  const { operations, cache, asked, clock, visit } = await stageCoalesced(t);
  for (const questions of [3, 4]) {
    const readers = visit(20);
    t.equal(asked.length, questions - 1, 'all wait for the end of the window');
    await turn();
    clock.advance(4);
    t.match(await readers, [{ name: 'Tux' }]);
    t.equal(asked.length, questions);
    t.match(asked.at(-1), { port: 'peer', method: 'glance', params: [8] });
  }
  t.equal(cache.peek(8), undefined);
  clock.advance(20);
  t.equal(operations.cached({ id: 8 }), undefined);
  t.equal((await visit(1)).length, 1, 'a lone reader does not wait');
  t.match(asked.at(-1), { port: 'service', method: 'lookup', params: [8] });
});

t.test('delayed readers get what the cache has at the end, by id and by name', async (t) => {
  const { operations, versions, cache, asked, clock, soon } = await stageCoalesced(t);
  cache.fillName('Tux', 8, cache.horizon(), { appliedSeq: 9, grantEpoch: epoch });
  const held = [{ id: 8 }, { name: 'Tux' }].map((item) => operations.lookup(item, soon()));
  versions.invalidate(versions.idBucket(8), 9);
  const newest = { ...toProduct(tux), quantity: 1 };
  cache.fillAt(newest, encode(newest), cache.horizon(), { appliedSeq: 9, grantEpoch: epoch });
  t.equal(operations.cached({ id: 8 }), undefined, 'though it is there');
  clock.advance(4);
  t.match(await Promise.all(held), [{ quantity: 1 }, { quantity: 1 }]);
  t.equal(asked.length, 2);
});

t.test('delayed readers get an absence too, and each look-up counts once', async (t) => {
  const { operations, versions, cache, counters, clock, soon } = await stageCoalesced(t);
  const before = counters.hits + counters.misses;
  const held = operations.lookup({ id: 8 }, soon());
  versions.invalidate(versions.idBucket(8), 9);
  cache.fillAbsence(8, cache.horizon(), { appliedSeq: 9, grantEpoch: epoch });
  clock.advance(4);
  await t.rejects(held, soldOut);
  t.equal(counters.hits + counters.misses, before + 1);
});

for (const code of ['unknown_method', 'invalid_argument'] as const) {
  t.test(`if the coalesced question fails with ${code} each reader asks alone`, async (t) => {
    const { asked, balance, clock, visit } = await stageCoalesced(t, () => {
      throw new BazarError(code, 'another version');
    });
    balance();
    const readers = visit(20);
    await turn();
    clock.advance(4);
    t.match(await readers, Array(20).fill({ name: 'Tux' }));
    t.ok(asked.slice(3).every(({ method }) => method === 'lookup'));
    const before = asked.length;
    clock.advance(20);
    for (let n = 0; n < 4; n++) await visit(1);
    const replicas = new Set(asked.slice(before).map(({ to }) => to));
    t.equal(replicas.size, 2, 'a replica without the method is asked other questions');
  });
}

t.test('many readers of an item that does not change are not delayed for long', async (t) => {
  let answer = (): void => {};
  const answered = new Promise<LookupAnswer>((resolve) => {
    answer = () => resolve(found);
  });
  const { operations, clock, soon } = stageOperations(() => answered);
  const readers = Array.from({ length: 20 }, () => operations.lookup({ id: 8 }, soon()));
  answer();
  await turn();
  clock.advance(4);
  await Promise.all(readers);
  for (let ms = 0; ms < 20; ms++) clock.advance(1);
  for (let n = 0; n < 40; n++) t.ok(operations.cached({ id: 8 }));
});

t.test('a reader with a later deadline does not fail with an earlier one', async (t) => {
  let fail = (): void => {};
  const failing = new Promise<never>((_resolve, reject) => {
    fail = () => reject(new BazarError('deadline_exceeded', 'no answer in time'));
  });
  const { operations, asked, clock, soon } = stageOperations(() =>
    asked.length === 1 ? failing : found,
  );
  const hasty = operations.lookup({ id: 8 }, { ...soon(), deadlineMs: clock.nowMs() + 30 });
  const patient = operations.lookup({ id: 8 }, soon());
  clock.advance(31);
  fail();
  await t.rejects(hasty, { code: 'deadline_exceeded' });
  t.match(await patient, { name: 'Tux' });
  t.equal(asked.length, 2);
});

t.test('a question has the latest deadline of the readers that share it', async (t) => {
  const { timeouts, clock, operations, soon, later, answer, all } = stageSlow(t);
  const hasty = { ...soon(), deadlineMs: clock.nowMs() + 80 };
  const first = operations.lookup({ id: 8 }, hasty);
  clock.advance(50);
  await Promise.all([first, ...later]);
  t.equal(timeouts[1], 1_500);
  answer();
  await all();
});

/** Whatever waits for nothing but promises has come to its end. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
