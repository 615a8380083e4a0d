import t from 'tap';
import { KeyIndex } from '../../../src/catalog/machine/key-index.js';

/** Keys by slot, as a slab holds them. */
class Keys {
  readonly digests: Uint32Array[] = [];

  isKey(slot: number, digest: Uint32Array): boolean {
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

/** A digest in a few parts only, so that the parts grow. */
function inFewParts(): Uint32Array {
  return Uint32Array.of((word() >>> 30) * 2 ** 20, word(), word(), word());
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

t.test(
  'the index distinguishes keys of the same bucket, and removes them in any order',
  async (t) => {
    const keys = new Keys();
    const index = new KeyIndex(keys);
    for (let n = 0; n < 400; n++) {
      const digest = Uint32Array.of(7, 0xffff_0000, n, n);
      index.add(digest, keys.make(digest));
    }
    for (let n = 0; n < 400; n += 2) index.remove(keys.digests[n] ?? new Uint32Array(4), n);
    for (const [slot, digest] of keys.digests.entries()) {
      if (index.find(digest) !== (slot % 2 === 0 ? -1 : slot)) t.fail(`key ${slot}`);
    }
    t.throws(() => index.remove(Uint32Array.of(7, 1, 1, 1), 999), /in the index/);
  },
);

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
