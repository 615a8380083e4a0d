import t from 'tap';
import { getRequest, RespReader, setRequest } from '../../bench/load/resp.js';

const stream = Buffer.from('+OK\r\n$3\r\na\r\n\r\n$-1\r\n-ERR no such thing\r\n$0\r\n\r\n');
const refusals = [undefined, undefined, 'no value', 'ERR no such thing', undefined];

t.test('answers are matched in order, wherever the chunks are divided', async (t) => {
  for (let cut = 0; cut <= stream.length; cut++) {
    const seen: (string | undefined)[] = [];
    const reader = new RespReader({ answered: (refusal) => seen.push(refusal) });
    const [first, second] = [stream.subarray(0, cut), stream.subarray(cut)];
    // The chunk's memory is used again for the next one, as a socket's is.
    const shared = Buffer.alloc(stream.length);
    for (const part of [first, second]) {
      part.copy(shared);
      reader.feed(shared, part.length);
    }
    t.same(seen, refusals, `cut at ${cut}`);
  }
});

t.test('a request names its key by the bytes that each request patches', async (t) => {
  const { frame, itemAt = 0 } = getRequest();
  frame.writeUInt32BE(7, itemAt);
  t.equal(frame.toString('latin1'), '*2\r\n$3\r\nGET\r\n$4\r\n\0\0\0\x07\r\n');
  const set = setRequest(7, 'abc').toString('latin1');
  t.equal(set, '*3\r\n$3\r\nSET\r\n$4\r\n\0\0\0\x07\r\n$3\r\nabc\r\n');
});
