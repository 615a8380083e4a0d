import t from 'tap';
import { type IndexSeed, KeyIndex } from '../../../src/catalog/machine/key-index.js';
import { fold } from '../../../src/catalog/machine/key-sum.js';

/** Keys by slot, as a slab holds them. */
class Keys {
  readonly digests: Uint32Array[] = [];
  compared = 0;

  isKey(slot: number, digest: Uint32Array): boolean {
    this.compared++;
    return this.digests[slot]?.every((word, at) => word === digest[at]) === true;
  }

  make(digest: Uint32Array): number {
    return this.digests.push(digest) - 1;
  }
}

let state = 1;
function word(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (state ^ (state >>> 13)) >>> 0;
}

/** A digest with a wanted hash under the default seed. */
function digestWith(isWanted: (hash: number) => boolean): Uint32Array {
  const first = word();
  const before = fold(fold(0, first), 0);
  let second = word();
  while (!isWanted(fold(before, second))) second = word();
  return Uint32Array.of(first, second, word(), word());
}

/** A digest in four parts only, so that the parts grow. */
function inFewParts(): Uint32Array {
  return digestWith((hash) => hash >>> 23 === 0);
}

t.test('all keys are found while parts grow and shrink, and no other key is', async (t) => {
  const keys = new Keys();
  const index = new KeyIndex(keys);
  for (let n = 0; n < 20_000; n++) {
    const digest = inFewParts();
    if (index.find(digest) < 0) index.add(digest, keys.make(digest));
  }
  const wrong = keys.digests.filter((digest, slot) => index.find(digest) !== slot);
  t.equal(wrong.length, 0);
  t.equal(index.size, keys.digests.length);
  for (const [slot, digest] of keys.digests.entries()) {
    if (slot % 10 !== 0) index.remove(digest, slot);
  }
  const found = keys.digests.map((digest) => index.find(digest));
  t.same(
    found.filter((slot, at) => slot !== (at % 10 === 0 ? at : -1)),
    [],
  );
  for (const [slot, digest] of keys.digests.entries()) {
    if (slot % 10 === 0) index.remove(digest, slot);
  }
  t.equal(index.size, 0);
});

t.test('the index distinguishes keys of one bucket, and removes them in any order', async (t) => {
  const keys = new Keys();
  const index = new KeyIndex(keys);
  // The last bucket of a part, so that the search goes on in the first one.
  const [first = 0, second = 0] = digestWith((hash) => ((hash >>> 5) & 0xffff) === 0xffff);
  for (let n = 0; n < 400; n++) {
    const digest = Uint32Array.of(first, second, n, n);
    index.add(digest, keys.make(digest));
  }
  for (let n = 0; n < 400; n += 2) index.remove(keys.digests[n] ?? new Uint32Array(4), n);
  for (const [slot, digest] of keys.digests.entries()) {
    if (index.find(digest) !== (slot % 2 === 0 ? -1 : slot)) t.fail(`key ${slot}`);
  }
  t.throws(() => index.remove(Uint32Array.of(first, second, 1, 1), 999), /in the index/);
});

t.test('keys chosen to collide under one seed do not collide under another', async (t) => {
  const known: IndexSeed = [0x1234_5678, 0x9abc_def0];
  const digests = Array.from({ length: 1_000 }, (_, n) => {
    return Uint32Array.of(n, fold(fold(known[0], n), known[1]), word(), word());
  });
  /** Comparisons of all keys in the index, if each is searched once. */
  const comparisons = (seed: IndexSeed): number => {
    const keys = new Keys();
    const index = new KeyIndex(keys, seed);
    for (const digest of digests) index.add(digest, keys.make(digest));
    for (const [slot, digest] of digests.entries()) {
      if (index.find(digest) !== slot) t.fail(`key ${slot}`);
    }
    return keys.compared;
  };
  t.equal(comparisons(known), (1_000 * 1_001) / 2, 'all keys have the same hash');
  for (const seed of [
    [0, 0],
    [known[0], 1],
    [1, known[1]],
  ] as const) {
    t.ok(comparisons(seed) < 1_010, `seed ${seed}`);
  }
});

t.test('staged keys are found with the next search', async (t) => {
  const keys = new Keys();
  const index = new KeyIndex(keys);
  index.expect(300_000);
  const digests = Array.from({ length: 300_000 }, () =>
    Uint32Array.of(word(), word(), word(), word()),
  );
  for (const digest of digests) index.stage(digest, keys.make(digest));
  t.equal(index.size, 300_000);
  const wrong = digests.filter((digest, slot) => index.find(digest) !== slot);
  t.equal(wrong.length, 0);
  index.add(inFewParts(), 300_000);
  t.equal(index.size, 300_001);
});
