/** Headers of requests: what is sound is kept, invalid fields are left out, and logs get the ids. */
import t from 'tap';
import { headerFields, readRequestHeader } from '../../src/wire/request-header.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${trace}-00f067aa0ba902b7-01`;

t.test('a valid header is kept unchanged', async (t) => {
  const header = { request_id: 'web:1/a', traceparent };
  t.same(readRequestHeader(header), header);
  t.same(readRequestHeader({ requests: [header, header] }), { requests: [header, header] });
  t.same(readRequestHeader({ ...header, later: 1 }), header, 'what is not known is left out');
});

t.test('invalid fields are left out', async (t) => {
  for (const strange of [null, 1, 'x', [], {}, { request_id: 7 }, { request_id: 'a b' }]) {
    t.equal(readRequestHeader(strange), undefined, JSON.stringify(strange));
  }
  for (const bad of [
    '',
    'nonsense',
    `ff-${trace}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `${traceparent}x`,
    `${traceparent}-${'x'.repeat(200)}`,
  ]) {
    t.same(readRequestHeader({ request_id: 'r', traceparent: bad }), { request_id: 'r' }, bad);
  }
  const later = `01-${trace}-00f067aa0ba902b7-01-more`;
  t.same(readRequestHeader({ traceparent: later }), { traceparent: later }, 'a later version');
});

t.test(
  'a message carries a limited number of headers, only of requests that have one',
  async (t) => {
    const requests = Array.from({ length: 40 }, (_, index) => ({ request_id: `r-${index}` }));
    t.equal(readRequestHeader({ requests })?.requests?.length, 16);
    t.same(readRequestHeader({ requests: [{}, 7, { request_id: 'r' }] }), {
      requests: [{ request_id: 'r' }],
    });
    t.equal(readRequestHeader({ requests: [{}] }), undefined);
  },
);

t.test('a log line contains the ids', async (t) => {
  t.same(headerFields(undefined), {});
  t.same(headerFields({ request_id: 'r', traceparent }), { request_id: 'r', trace_id: trace });
  t.same(headerFields({ requests: [{ traceparent }] }), { requests: [{ trace_id: trace }] });
});
