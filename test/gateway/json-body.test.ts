/** JSON bodies by themselves: what is read, and what is refused before any schema sees it. */
import t from 'tap';
import { mayBeJson, readJson } from '../../src/gateway/json-body.js';

const read = (text: string): unknown => readJson(Buffer.from(text));

t.test('valid JSON is read unchanged, an empty body as undefined', async (t) => {
  const values = [null, 0, -1.5e3, 'a"b\\', [], {}, { a: [{ a: { b: '{"a":1,"a":2}' } }], b: 'a' }];
  for (const value of values) t.same(read(` ${JSON.stringify(value)}\n`), value);
  t.same(read('\ufeff{"a":1}'), { a: 1 }, 'a byte order mark is skipped');
  t.equal(read(''), undefined);
});

t.test('the same key may be in two objects, but not twice in one', async (t) => {
  t.same(read('[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }]);
  t.same(read('{"a":{"a":1},"b":["a","a"]}'), { a: { a: 1 }, b: ['a', 'a'] });
  for (const text of ['{"a":1,"a":1}', '[{"b":{},"a":[1],"\\u0061":2}]', '{"a":{"b":1},"a":2}']) {
    t.throws(() => read(text), { code: 'invalid_argument', message: /a twice/ }, text);
  }
});

t.test('keys that reach prototypes are refused at any depth and in any spelling', async (t) => {
  const texts = ['{"__proto__":1}', '[{"a":{"constructor":{}}}]', '{"\\u005f_proto__":{}}'];
  for (const text of texts) t.throws(() => read(text), { code: 'invalid_argument' }, text);
  t.same(read('{"a":"__proto__"}'), { a: '__proto__' }, 'as a value it is a word like any other');
});

t.test('nesting is limited as on the wire', async (t) => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  t.ok(read(nested(16)));
  t.throws(() => read(nested(17)), { code: 'invalid_argument', message: /nested/ });
});

t.test('a type that is not JSON is distinguished from one that may be', async (t) => {
  for (const type of [undefined, 'application/json', 'text/plain; charset=UTF-8', 'a/b+json']) {
    t.equal(mayBeJson(type), type !== 'a/b+json', type ?? 'none');
  }
  for (const type of ['text/html', 'application/jsonx', 'application/json; charset=latin1']) {
    t.notOk(mayBeJson(type), type);
  }
});
