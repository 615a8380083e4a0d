import t from 'tap';
import { requestLimits } from '../../src/base/limits.js';
import { exactText } from '../../src/gateway/exact-money.js';
import { isPublicMethod, validateParams } from '../../src/wire/validate.js';

function refusalOf(method: string, params: unknown): string {
  try {
    validateParams(method, params);
    return 'accepted';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
}

t.test('valid params are returned unchanged', async (t) => {
  const good: [string, object][] = [
    ['lookup', { id: 8 }],
    ['lookup', { name: 'Tux' }],
    ['search', {}],
    ['search', { topic: 'toys', limit: 1_000, after: 0 }],
    ['buy', { id: 8, quantity: 1 }],
    ['buy', { name: 'Tux', quantity: 1_000_000, key: 'k'.repeat(200) }],
    ['buy', { lines: new Array(100).fill({ id: 1, quantity: 1 }) }],
    ['buy', { id: 8, quantity: 1, expected_total: '19.90' }],
    ['buy', { id: 8, quantity: 1, expected_total: exactText(requestLimits.totalCentsMax / 100) }],
    ['order', { number: 1 }],
    ['add_product', { name: '7 dwarfs', topic: 'toys', price: 0, quantity: 0 }],
    ['update_product', { id: 1, add: 5, if_version: 3 }],
    ['ping', {}],
    ['hello', { protocol: 1, token: 'x' }],
  ];
  for (const [method, params] of good) t.equal(validateParams(method, params), params, method);
});

t.test('the refusal names the field and what it must be', async (t) => {
  const bad: [string, unknown, RegExp][] = [
    ['lookup', {}, /^invalid_argument: id or name is required$/],
    ['lookup', { id: 1, name: 'x' }, /only one of id, name/],
    ['lookup', { id: 1, extra: 1 }, /unknown field "extra"/],
    ['lookup', { id: 0 }, /id must be an integer from 1 to/],
    ['lookup', { id: 1.5 }, /id must be an integer/],
    ['lookup', { id: '8' }, /id must be an integer/],
    ['lookup', { id: 8n }, /id must be an integer/],
    ['lookup', { name: '' }, /name must be a string of 1 to 200 characters/],
    ['lookup', { name: 'x'.repeat(201) }, /name must be a string of 1 to 200/],
    ['lookup', null, /params must be a map/],
    ['lookup', [8], /params must be a map/],
    ['search', 'toys', /params must be a map/],
    ['search', { limit: 1_001 }, /limit must be an integer from 1 to 1000/],
    ['buy', { id: 1 }, /quantity is required/],
    ['buy', { id: 1, quantity: 0 }, /quantity must be an integer from 1 to 1000000/],
    ['buy', { id: 1, quantity: -1 }, /quantity/],
    ['buy', { id: 1, quantity: 1_000_001 }, /quantity/],
    ['buy', { id: 1, quantity: Number.NaN }, /quantity/],
    ['buy', { id: 1, quantity: Number.POSITIVE_INFINITY }, /quantity/],
    ['buy', { lines: [] }, /lines must be a list of 1 to 100 items/],
    ['buy', { lines: new Array(101).fill({ id: 1, quantity: 1 }) }, /lines must be a list/],
    ['buy', { lines: [{ id: 1, quantity: 1 }, { id: 1 }] }, /lines\[1\]\.quantity is required/],
    ['buy', { lines: [{ quantity: 1 }] }, /id or name is required in lines\[0\]/],
    ['buy', { lines: [7] }, /lines\[0\] must be a map/],
    ['buy', { id: 1, quantity: 1, key: '' }, /key must be a string/],
    ['buy', { id: 1, quantity: 1, key: 'é'.repeat(101) }, /key must be .* 200 bytes/],
    ['add_product', { name: '123', topic: 'x', price: 1, quantity: 1 }, /all digits/],
    ['add_product', { name: 'x', topic: 'x', price: Number.NaN, quantity: 1 }, /price must be/],
    ['update_product', { id: 1, price: Number.POSITIVE_INFINITY }, /price must be a number/],
    [
      'adjust_stock',
      { id: 1, delta: 1, reason: 'lost' },
      /reason must be one of received, damaged, /,
    ],
    ['adjust_stock', { id: 1, delta: 1, reason: 7 }, /reason must be one of received, damaged, /],
    [
      'update_product',
      { id: 1, purchase_limit: { quantity: 1, window_seconds: 0 } },
      /: purchase_limit\.window_seconds must be an integer from 1 to 31622400, or null$/,
    ],
    ['read_hold', { id: 'C0FFEE' }, /id must be a string of the form \^\[0-9a-f\]\{32\}\$$/],
    ['update_product', { id: 1, purchase_limit: 7 }, /purchase_limit must be a map/],
    [
      'hold',
      { lines: [{ id: 1, quantity: 1 }], ttl_seconds: 1, reference: 'é'.repeat(101) },
      /reference must be a string of at most 200 bytes/,
    ],
    ['lookup', { name: 'half \ud800 a pair' }, /name is not well-formed/],
    ['ping', { x: 1 }, /unknown field "x"/],
    ['hello', {}, /protocol is required/],
  ];
  for (const [method, params, message] of bad) {
    const refusal = refusalOf(method, params);
    t.match(refusal, message);
    t.match(refusal, /^invalid_argument: .{1,120}$/, 'and is short');
  }
});

t.test('only the methods of the schema exist', async (t) => {
  t.match(refusalOf('sell', {}), /^unknown_method: unknown method "sell"$/);
  for (const name of ['toString', 'constructor', '__proto__', '']) {
    t.match(refusalOf(name, {}), /^unknown_method/);
    t.notOk(isPublicMethod(name));
  }
  t.ok(isPublicMethod('buy'));
});
