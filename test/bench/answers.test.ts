/** The answer scanner, fed with the same stream cut at every place. */
import { Packr } from 'msgpackr';
import t from 'tap';
import { AnswerReader } from '../../bench/load/answers.js';

const packr = new Packr({ useRecords: false });

function framed(value: unknown): Buffer {
  const payload = Buffer.from(packr.pack(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

const refusal = { code: 'out_of_stock', message: 'no more', retryable: false, available: 0 };
const ids = [5, 200, 3_000, 70_000, 4_000_000_000];
const stream = Buffer.concat([
  ...ids.map((id) => framed([1, id, null, { name: 'x'.repeat(300) }])),
  framed([1, 6, refusal, null]),
  framed([1, 7, null, { big: 'y'.repeat(9_000) }]),
]);
const expected = [...ids.map((id) => `accepted ${id}`), 'refused 6 out_of_stock', 'accepted 7'];

function readIn(chunks: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const reader = new AnswerReader({
    accepted: (id) => void seen.push(`accepted ${id}`),
    refused: (id, answer) => void seen.push(`refused ${id} ${packr.unpack(answer)[2].code}`),
  });
  const shared = Buffer.alloc(stream.length);
  for (const chunk of chunks) {
    // As a socket does: the same memory for every chunk, with old bytes behind the new ones.
    shared.set(chunk);
    reader.feed(shared, chunk.length);
  }
  return seen;
}

t.test('answers are found however the stream is divided', async (t) => {
  t.same(readIn([stream]), expected, 'in one piece');
  const bytes = Array.from(stream, (byte) => Buffer.from([byte]));
  t.same(readIn(bytes), expected, 'byte by byte');
  const wrong: number[] = [];
  for (let cut = 1; cut < stream.length; cut++) {
    const seen = readIn([stream.subarray(0, cut), stream.subarray(cut)]);
    if (seen.join() !== expected.join()) wrong.push(cut);
  }
  t.same(wrong, [], 'cut in two at every place');
});

t.test('an invalid answer is refused, not skipped', async (t) => {
  const notAnswers = {
    'a request': framed([0, 1, 'ping', {}]),
    'a notification': framed([2, 'bye', {}]),
    'an answer with a text for an id': framed([1, 'one', null, {}]),
    'a frame beyond the limit': Buffer.from([0xff, 0, 0, 0]),
  };
  for (const [what, bytes] of Object.entries(notAnswers)) {
    t.throws(() => readIn([bytes]), what);
  }
});
