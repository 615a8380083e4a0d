/**
 * Durable purchases. Afterwards the books must balance: order numbers have no gaps, so one more purchase
 * gets the number of all accepted ones plus one, and the hot item's stock is lower by the same number.
 */
import { ask, numberIn } from '../ask.js';
import type { Bench, Report, Scenario } from '../bench.js';
import { type Measured, measureInTurn } from '../measure.js';
import { Picks } from '../picks.js';
import { fullStock } from '../products.js';
import { LoadSession, type Shape, type Target, type Timing } from '../session.js';
import { purchaseShapes, purchases } from '../workloads.js';
import { together } from './echo.js';

const hotItem = 1;
const hotProducts = 10;
const spreadProducts = 10_000;
const heatShape: Shape = { connections: 50, depth: 1 };
const heatTiming: Timing = { warmUpMs: 0, runMs: 2_000 };
const heatRuns = 6;

export const buyHot: Scenario = {
  name: 'buy-hot',
  about: 'durable purchases of one item, 1, 50 and 200 at a time',
  async run(bench) {
    const { target } = await bench.store({ products: hotProducts });
    const shapes = purchaseShapes.filter(isNeeded(bench));
    const [report, accepted] = await measurePurchases(
      bench,
      target,
      'purchase, one item',
      Picks.always(hotItem),
      shapes,
    );
    const stock = numberIn(await ask(target, 'lookup', { id: hotItem }), 'quantity');
    const expected = fullStock - accepted;
    const wrong = stock === expected ? [] : [`the stock is ${stock} instead of ${expected}`];
    return { ...report, problems: [...report.problems, ...wrong] };
  },
};

export const buySpread: Scenario = {
  name: 'buy-spread',
  about: 'durable purchases spread over 10,000 items',
  async run(bench) {
    const { target } = await bench.store({ products: spreadProducts });
    const shapes = purchaseShapes
      .filter(({ connections }) => connections > 1)
      .filter(isNeeded(bench));
    const picks = Picks.uniform(spreadProducts);
    const what = 'purchase, 10,000 items';
    const [report] = await measurePurchases(bench, target, what, picks, shapes);
    return report;
  },
};

/**
 * A purchase runs code of every process, which is fully compiled only after thousands of runs. The
 * measurement starts after some seconds of sales. This phase is not in the table.
 */
async function heat(bench: Bench, target: Target, picks: Picks): Promise<number> {
  const session = await LoadSession.open(target, heatShape, purchases(picks));
  for (let run = 0; run < heatRuns; run++) {
    const { ratePerSecond } = await session.run(heatTiming);
    bench.progress(`warming up: ${Math.round(ratePerSecond).toLocaleString('en')}/s`);
  }
  session.close();
  return session.accepted;
}

/** A quick run leaves out the largest shape. */
function isNeeded({ settings }: Bench): (shape: Shape) => boolean {
  return ({ connections }) => !settings.quick || connections < 200;
}

/** The report, and the number of accepted purchases. */
async function measurePurchases(
  bench: Bench,
  target: Target,
  what: string,
  picks: Picks,
  shapes: readonly Shape[],
): Promise<[report: Report, accepted: number]> {
  const measured: Measured[] = [];
  const heated = bench.settings.quick ? 0 : await heat(bench, target, picks);
  for (const shape of shapes) {
    const subject = { what, target, workload: purchases(picks) };
    measured.push(await measureInTurn(bench, shape, [subject], undefined));
  }
  const accepted =
    measured.flatMap((each) => each.accepted).reduce((sum, n) => sum + n, heated) + 1;
  const last = numberIn(await ask(target, 'buy', { id: hotItem, quantity: 1 }), 'order_number');
  const report = together(measured);
  const wrong = last === accepted ? [] : [`order ${last} was placed as the ${accepted}th`];
  bench.progress(`${accepted} purchases accepted, the last is order ${last}`);
  return [{ ...report, problems: [...report.problems, ...wrong] }, accepted];
}
