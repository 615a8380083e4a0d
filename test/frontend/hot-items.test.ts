import t from 'tap';
import { HotItems } from '../../src/frontend/hot-items.js';
import { ManualClock } from '../helpers/manual-clock.js';

const id = 8;
const crowd = 16;
const periodMs = 4;

/** An item of which a crowd has just asked; it changes when the test says. */
function stageHot() {
  const clock = new ManualClock();
  let stamp = 0;
  const items = new HotItems({
    clock,
    sight: () => ({ bucket: 1, stamp, generation: 1 }),
    isCurrent: (sighting) => sighting.stamp === stamp,
  });
  items.wanted(id, crowd);
  /** How many of those who come look at once; the others wait. */
  const come = (readers: number): number => {
    let admitted = 0;
    for (let n = 0; n < readers; n++) {
      if (items.admits(id)) admitted++;
      else items.whenOpen(id);
    }
    return admitted;
  };
  const change = (): void => void stamp++;
  const pass = (): void => clock.advance(periodMs);
  return { items, come, change, pass };
}

t.test('fewer than a crowd make nothing hot', async (t) => {
  const { items } = stageHot();
  items.wanted(id + 1, crowd - 1);
  t.ok(items.admits(id + 1));
  t.equal(items.whenOpen(id + 1), undefined);
});

t.test('whoever comes after a crowd waits until the period ends', async (t) => {
  const { items, pass } = stageHot();
  t.notOk(items.admits(id));
  const open = items.whenOpen(id);
  pass();
  await open;
  t.ok(items.admits(id));
});

t.test('an item that has not changed is hot no more, however many read it', async (t) => {
  const { items, come, pass } = stageHot();
  t.equal(come(50), 0);
  pass();
  t.notOk(items.any);
});

t.test('an item that changes is hot as long as a crowd comes', async (t) => {
  const { come, change, pass } = stageHot();
  for (let period = 0; period < 3; period++) {
    t.equal(come(20), 0, "those who waited are this period's crowd");
    change();
    pass();
  }
});

t.test('those who are fewer than a crowd do not wait, nor does the sixteenth', async (t) => {
  const { items, come, change, pass } = stageHot();
  change();
  pass();
  t.equal(come(crowd - 1), crowd - 1);
  t.ok(items.admits(id));
  t.equal(items.whenOpen(id), undefined, 'it was let through');
  t.equal(come(5), 0);
  change();
  pass();
  t.equal(come(20), crowd - 5, 'the five who had waited count');
});

t.test('without a crowd an item is hot no more, though it changes', async (t) => {
  const { items, come, change, pass } = stageHot();
  change();
  pass();
  come(crowd - 1);
  change();
  pass();
  t.notOk(items.any);
  t.equal(come(50), 50);
});
