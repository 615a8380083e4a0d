/** The requests and answers of each subject, with chunks divided anywhere. */
import t from 'tap';
import { unpackValue } from '../../../bench/load/message.js';
import { httpProtocol } from '../../../bench/peers/http-protocol.js';
import type { Protocol } from '../../../bench/peers/peer.js';
import { rawProtocol } from '../../../bench/peers/raw-protocol.js';
import { redisProtocol } from '../../../bench/peers/redis-protocol.js';

function requestOf({ request, fill }: Protocol, item: number, key: number): Buffer {
  const bytes = Buffer.from(request);
  fill(bytes, 99_999, 999_999_999_999);
  fill(bytes, item, key);
  return bytes;
}

/** The outcomes of an answer that arrives byte by byte. */
function outcomesOf(protocol: Protocol, answer: string): string[] {
  const outcomes: string[] = [];
  const reader = protocol.reader({
    accepted: () => void outcomes.push('accepted'),
    refused: (code) => void outcomes.push(code),
  });
  for (const byte of Buffer.from(answer)) reader.feed(Uint8Array.of(byte), 1);
  return outcomes;
}

t.test('the raw port gets the item and the key', async (t) => {
  const request = requestOf(rawProtocol(), 10_001, 42);
  const params = { id: 10_001, quantity: 1, key: '000000000042' };
  t.same(unpackValue(request.subarray(4)), [0, 1, 'buy', params]);
});

t.test('HTTP gets the item as JSON and the key as a header', async (t) => {
  const [head = '', body = ''] = requestOf(httpProtocol(), 7, 42).toString().split('\r\n\r\n');
  t.same(JSON.parse(body), { id: 7, quantity: 1 });
  t.match(head, /\r\nContent-Length: 25\r\n/);
  t.equal(body.length, 25);
  t.match(head, /\r\nIdempotency-Key: 000000000042$/);
});

t.test('an HTTP answer is accepted by its status and refused by its type', async (t) => {
  const protocol = httpProtocol();
  const answer = (status: string, body: string): string =>
    `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  t.same(outcomesOf(protocol, answer('200 OK', '{"data":{}}')), ['accepted']);
  const body = '{"error":{"code":409,"type":"out_of_stock"}}';
  t.same(outcomesOf(protocol, answer('409 Conflict', body)), ['out_of_stock']);
  t.same(outcomesOf(protocol, answer('502 Bad Gateway', '')), ['status 502']);
});

t.test('Redis gets the script and WAIT in one write', async (t) => {
  const text = requestOf(redisProtocol('f'.repeat(40)), 7, 42).toString();
  const words = text.split('\r\n').filter((line) => line !== '' && !/^[*$]/.test(line));
  t.same(words, [
    'EVALSHA',
    'f'.repeat(40),
    '2',
    'item:00007',
    'key:000000000042',
    '00007',
    '1',
    'WAIT',
    '1',
    '0',
  ]);
});

t.test('a purchase counts only when the replica has it', async (t) => {
  const protocol = redisProtocol('f'.repeat(40));
  t.same(outcomesOf(protocol, ':12\r\n'), []);
  t.same(outcomesOf(protocol, ':12\r\n:1\r\n:13\r\n:0\r\n'), ['accepted', 'not replicated: :0']);
  t.same(outcomesOf(protocol, '-ERR out_of_stock\r\n:1\r\n'), ['out_of_stock']);
});
