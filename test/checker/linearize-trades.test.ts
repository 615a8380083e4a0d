/** Short histories of holds, cancellations and adjustments told by hand, as in linearize.test.ts. */
import t from 'tap';
import { checkHistory } from '../../src/checker/check.js';
import type { Operation } from '../../src/checker/types.js';
import * as told from './told.js';

const { record, look, buy, hold, confirm, release, cancel } = told;
const one = (id: number, quantity = 1) => [{ id, quantity }];

function passes(name: string, operations: readonly Operation[]): void {
  t.test(name, async (t) => t.strictSame(checkHistory(told.history(operations)).problems, []));
}

function fails(name: string, operations: readonly Operation[], why: RegExp): void {
  t.test(name, async (t) => {
    const { problems } = checkHistory(told.history(operations));
    t.ok(
      problems.some((problem) => why.test(problem)),
      problems.join('\n') || 'nothing found',
    );
  });
}

const held = hold([0, 1], 'h', one(1, 6), 20);
const impossible = /I9: product 1: no order explains it/;

passes('a hold takes units, and a release gives them back', [
  held,
  look([2, 3], record(1, 2, 4)),
  release([4, 5], 'h'),
  look([6, 7], record(1, 3, 10)),
]);

passes('a confirmation of all that is held does not change the product', [
  held,
  confirm([2, 3], 'h', one(1, 6), 1),
  look([4, 5], record(1, 2, 4)),
]);

passes('a confirmation of a part gives the rest back', [
  held,
  confirm([2, 3], 'h', one(1, 2), 1),
  look([4, 5], record(1, 3, 8)),
]);

fails(
  'a confirmation takes the units twice',
  [held, confirm([2, 3], 'h', one(1, 6), 1), look([4, 5], record(1, 3, 4))],
  impossible,
);

fails(
  'a hold takes units that are in another one',
  [held, hold([2, 3], 'i', one(1, 6), 20)],
  impossible,
);

passes('a hold may expire at any time after its end', [
  held,
  look([21, 22], record(1, 2, 4)),
  look([30, 31], record(1, 3, 10)),
]);

fails('a hold gives units back before its end', [held, look([2, 3], record(1, 3, 10))], impossible);

fails(
  'a hold gives its units back twice',
  [held, release([2, 3], 'h'), look([30, 31], record(1, 4, 16))],
  impossible,
);

passes('units of an expired hold are sold to another customer', [
  held,
  buy([30, 31], one(1, 6), 1),
]);

fails(
  'an expired hold is confirmed after its units were sold to another customer',
  [held, buy([30, 31], one(1, 6), 1), confirm([32, 33], 'h', one(1, 6), 2)],
  impossible,
);

passes('a release without an answer may have happened', [
  held,
  told.releaseLost([2, 3], 'h'),
  look([4, 5], record(1, 3, 10)),
]);

fails(
  'a hold that was released or has expired did only one of the two',
  [
    held,
    told.releaseLost([2, 3], 'h'),
    look([4, 5], record(1, 3, 10)),
    look([30, 31], record(1, 4, 16)),
  ],
  impossible,
);

passes('cancelled units go back into stock', [
  buy([0, 1], one(1, 3), 1),
  cancel([2, 3], 1, one(1, 3)),
  look([4, 5], record(1, 3, 10)),
]);

fails(
  'cancelled units go back into stock twice',
  [buy([0, 1], one(1, 3), 1), cancel([2, 3], 1, one(1, 3)), look([4, 5], record(1, 4, 13))],
  impossible,
);

fails(
  'an order is cancelled twice',
  [buy([0, 1], one(1, 3), 1), cancel([2, 3], 1, one(1, 3)), cancel([4, 5], 1, one(1, 3), 2)],
  /C2: 6 of 3 units of product 1 in order 1 are cancelled/,
);

passes('an adjustment shows what is reserved', [
  held,
  told.adjust([2, 3], 1, -2, { delta: -2, version: 3, quantity: 2, reserved: 6 }),
]);

fails(
  'an adjustment shows units as reserved that are free',
  [
    held,
    release([2, 3], 'h'),
    told.adjust([4, 5], 1, -2, { delta: -2, version: 4, quantity: 8, reserved: 6 }),
  ],
  impossible,
);

fails(
  'a hold ends in two ways',
  [held, confirm([2, 3], 'h', one(1, 6), 1), release([4, 5], 'h')],
  /H3: one hold, two ends/,
);
