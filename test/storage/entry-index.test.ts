import fc from 'fast-check';
import t from 'tap';
import { EntryIndex } from '../../src/storage/entry-index.js';

interface Place {
  segment: number;
  offset: number;
  length: number;
}

/** What the index must do, with a Map. */
class Model {
  readonly places = new Map<number, Place>();
  first = 1;
  last = 0;

  add(seq: number, place: Place): void {
    if (seq !== this.last + 1) this.places.clear();
    if (this.places.size === 0) this.first = seq;
    this.places.set(seq, place);
    this.last = seq;
  }

  truncate(from: number): void {
    if (from > this.last) return;
    for (const seq of this.places.keys()) if (seq >= from) this.places.delete(seq);
    this.last = from - 1;
    if (from < this.first) this.first = from;
  }

  drop(seq: number): void {
    if (seq <= this.first) return;
    for (const one of this.places.keys()) if (one < seq) this.places.delete(one);
    this.first = seq;
    this.last = Math.max(this.last, seq - 1);
  }
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('add' as const), n: fc.integer({ min: 1, max: 900 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('truncate' as const),
      n: fc.integer({ min: 0, max: 50 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('drop' as const), n: fc.integer({ min: 0, max: 600 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('gap' as const), n: fc.integer({ min: 2, max: 50 }) }),
  },
);

t.test('the index has the position of each last version after any changes', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const index = new EntryIndex();
      const model = new Model();
      let segment = 1;
      for (const { do: kind, n } of steps) {
        segment++;
        const from = kind === 'gap' ? index.last + n : index.last + 1;
        const through = kind === 'add' ? index.last + n : kind === 'gap' ? from : 0;
        for (let seq = from; seq <= through; seq++) {
          const place = { segment, offset: seq * 3, length: seq % 7 };
          index.add(seq, place);
          model.add(seq, place);
        }
        const target = kind === 'truncate' ? index.last - n : index.first + n;
        if (kind === 'truncate' && target > 0) {
          index.truncate(target);
          model.truncate(target);
        }
        if (kind === 'drop') {
          index.drop(target);
          model.drop(target);
        }
        compare(index, model);
      }
    }),
    { numRuns: 150, seed: 7 },
  );
  t.pass();
});

function compare(index: EntryIndex, model: Model): void {
  const same = index.first === model.first && index.last === model.last;
  if (!same) throw new Error(`${index.first}–${index.last}, not ${model.first}–${model.last}`);
  for (let seq = model.first - 2; seq <= model.last + 2; seq++) {
    const place = model.places.get(seq);
    const segment = index.segmentOf(seq);
    if (segment !== place?.segment) throw new Error(`${seq} in ${segment}, not ${place?.segment}`);
    if (!place) continue;
    const found = index.offset(seq) === place.offset && index.length(seq) === place.length;
    if (!found) throw new Error(`${seq} at ${index.offset(seq)}`);
    const end = index.runEnd(seq);
    if (
      model.places.get(end)?.segment !== segment ||
      model.places.get(end + 1)?.segment === segment
    ) {
      throw new Error(`the run of ${seq} ends at ${end}`);
    }
  }
}

t.test('an entry moves only within its own segment', async (t) => {
  const index = new EntryIndex();
  index.add(1, { segment: 1, offset: 10, length: 5 });
  index.add(2, { segment: 2, offset: 20, length: 5 });
  index.move(1, 1, 11);
  index.move(2, 1, 12);
  t.strictSame([index.offset(1), index.offset(2)], [11, 20]);
  t.strictSame([index.firstSince(1), index.firstSince(2), index.firstSince(3)], [1, 2, 3]);
});
