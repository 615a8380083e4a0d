import t from 'tap';
import { BazarError } from '../../src/base/errors.js';
import { decode } from '../../src/wire/codec.js';
import { FrameWriter } from '../../src/wire/frame.js';
import {
  decodeError,
  Encoded,
  encodeAnswer,
  encodeAnswerRaw,
  encodedOnce,
  encodeErrorAnswer,
  encodeNotification,
  encodeRequest,
  kinds,
  paramsAndHeader,
  readEnvelope,
} from '../../src/wire/message.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const lookup = Buffer.from('lookup');

function read(...bytes: (number | Uint8Array)[]) {
  const buffer = Buffer.concat(bytes.map((b) => (typeof b === 'number' ? Buffer.of(b) : b)));
  return { ...readEnvelope(buffer, 0, buffer.length) };
}

/** The frame's bytes as hexadecimal, without the length. */
function written(write: (writer: FrameWriter) => void): string {
  const writer = new FrameWriter();
  write(writer);
  const bytes = writer.take();
  t.equal(bytes.readUInt32BE(0), bytes.length - 4);
  return bytes.toString('hex', 4);
}

t.test('requests, answers and notifications are distinguished and left encoded', async (t) => {
  const request = read(0x94, 0, 7, 0xa6, lookup, 0x80);
  t.match(request, { kind: kinds.request, id: 7, method: 'lookup', bodyStart: 10 });
  const named = read(0x94, 0, 7, 0xd9, 6, lookup, 0x80);
  t.match(named, { kind: kinds.request, method: 'lookup', bodyStart: 11 });
  t.match(read(0x94, 1, 7, 0xc0, 0x80), { kind: kinds.answer, id: 7, ok: true, bodyStart: 4 });
  t.match(read(0x94, 1, 7, 0x80, 0xc0), { kind: kinds.answer, id: 7, ok: false });
  t.match(read(0x94, 1, 0xc0, 0x80, 0xc0), { kind: kinds.answer, id: undefined, ok: false });
  const told = read(0x93, 2, 0xa6, lookup, 0x80);
  t.match(told, { kind: kinds.notification, id: undefined, method: 'lookup', bodyStart: 9 });
});

t.test('an id is any safe integer from 0, in any encoding', async (t) => {
  const idOf = (hex: string) => read(0x94, 0, Buffer.from(hex, 'hex'), 0xa6, lookup, 0x80);
  t.equal(idOf('00').id, 0);
  t.equal(idOf('7f').id, 127);
  t.equal(idOf('ccff').id, 255);
  t.equal(idOf('cdffff').id, 65_535);
  t.equal(idOf('ceffffffff').id, 4_294_967_295);
  t.equal(idOf('cf001fffffffffffff').id, Number.MAX_SAFE_INTEGER);
  t.equal(idOf('d001').id, 1);
  t.equal(idOf('d17fff').id, 32_767);
  t.equal(idOf('d27fffffff').id, 2_147_483_647);
  t.equal(idOf('d3001fffffffffffff').id, Number.MAX_SAFE_INTEGER);
  const others = ['cf0020000000000000', 'ff', 'c0', 'a161', 'ca3f800000'];
  const negative = ['d0ff', 'd18000', 'd2ffffffff', 'd3ffe0000000000001', 'd3ffffffffffffffff'];
  for (const hex of [...others, ...negative]) t.equal(idOf(hex).kind, kinds.bad, hex);
});

t.test('a bad message keeps its id if it can be read', async (t) => {
  t.match(read(0x93, 0, 7, 0xa6, lookup), { kind: kinds.bad, id: 7 });
  t.match(read(0x96, 0, 7, 0xa6, lookup, 0x80, 0xc0, 0xc0), { kind: kinds.bad, id: 7 });
  t.match(read(0x94, 0, 7, 0x05, 0x80), { kind: kinds.bad, id: 7, problem: /string/ });
  t.match(read(0x94, 0, 7, 0xa6, lookup), { kind: kinds.bad, id: 7, problem: /params/ });
  t.match(read(0x94, 3, 7, 0xa6, lookup, 0x80), { kind: kinds.bad, id: undefined });
  t.match(read(0x80), { kind: kinds.bad, id: undefined });
  t.match(read(0x92, 0, 7), { kind: kinds.bad, id: undefined });
  t.match(read(0x94, 0, 0xce, 1), { kind: kinds.bad, id: undefined });
  const long = read(0x94, 0, 1, 0xd9, 200, Buffer.alloc(200, 'm'), 0x80);
  t.match(long, { kind: kinds.bad, id: 1, problem: /long/ });
});

t.test('a request may carry a header after its params', async (t) => {
  const header = { request_id: 'r-1', traceparent };
  const writer = new FrameWriter();
  encodeRequest(writer, 7, 'ping', { a: 1 }, header);
  const bytes = writer.take().subarray(4);
  t.match(readEnvelope(bytes, 0, bytes.length), {
    ...{ kind: kinds.request, id: 7, method: 'ping', hasHeader: true },
  });
  t.same(paramsAndHeader(decode(bytes)), [{ a: 1 }, header]);
  t.notOk(read(0x94, 0, 7, 0xa6, lookup, 0x80).hasHeader, 'and is not needed');
  const answer = read(0x95, 1, 7, 0xc0, 0x80, 0x80);
  t.equal(answer.kind, kinds.bad, 'an answer has none');
});

t.test('methods with similar bytes are not confused', async (t) => {
  const methodOf = (name: string) =>
    read(0x94, 0, 1, 0xa0 | name.length, Buffer.from(name), 0xc0).method;
  for (const name of ['order', 'ofder', 'orders', 'order', 'buy', 'bzy', 'bay', 'é', '']) {
    const bytes = Buffer.from(name);
    t.equal(read(0x94, 0, 1, 0xa0 | bytes.length, bytes, 0xc0).method, name);
  }
  t.equal(methodOf('abcdefghijklmnopqrstuvwxyzabcde'), 'abcdefghijklmnopqrstuvwxyzabcde');
});

t.test('messages are written as MessagePack-RPC says', async (t) => {
  t.equal(
    written((w) => encodeRequest(w, 7, 'ping', {})),
    '940007a470696e6780',
  );
  t.equal(
    written((w) => encodeNotification(w, 'ping', { a: 1 })),
    '9302a470696e6781a16101',
  );
  t.equal(
    written((w) => encodeAnswer(w, 200, { a: 1 })),
    '9401cd00c8c081a16101',
  );
  t.equal(
    written((w) => encodeAnswerRaw(w, 70_000, Buffer.of(0x80))),
    '9401ce00011170c080',
  );
  t.equal(
    written((w) => encodeAnswer(w, 2 ** 40 + 1, null)),
    '9401cf0000010000000001c0c0',
  );
  t.equal(
    written((w) => encodeRequest(w, 1, 'ping', new Encoded(Buffer.of(0x91, 5)))),
    '940001a470696e679105',
  );
});

t.test('an error is sent with its code, message and details, and read back', async (t) => {
  const writer = new FrameWriter();
  const error = new BazarError('out_of_stock', 'only 3 left', { details: { available: 3 } });
  encodeErrorAnswer(writer, 9, error);
  encodeErrorAnswer(writer, undefined, error);
  const bytes = writer.take();
  const end = 4 + bytes.readUInt32BE(0);
  t.match(readEnvelope(bytes, 4, end), { kind: kinds.answer, id: 9, ok: false });
  t.match(decodeError(bytes, 4, end), {
    code: 'out_of_stock',
    message: 'only 3 left',
    details: { available: 3 },
  });
  t.equal(readEnvelope(bytes, end + 4, bytes.length).id, undefined);
  t.equal(decodeError(bytes, end + 4, bytes.length).code, 'out_of_stock');
});

t.test('a repeated error is encoded once, with the same bytes', async (t) => {
  let times = 0;
  class CountedError extends BazarError {
    override toWire() {
      times++;
      return super.toWire();
    }
  }
  const make = () => new CountedError('overloaded', 'later', { details: { limit: 8 } });
  const often = encodedOnce(make());
  times = 0;
  for (const id of [9, undefined]) {
    const expected = written((writer) => encodeErrorAnswer(writer, id, make()));
    t.equal(times, 1);
    t.equal(
      written((writer) => encodeErrorAnswer(writer, id, often)),
      expected,
    );
    t.equal(times, 1, 'not again');
    times = 0;
  }
});

t.test('a writer has room for every head at any position of its buffer', async (t) => {
  const error = new BazarError('overloaded', 'later');
  const id = Number.MAX_SAFE_INTEGER;
  const frames: ((writer: FrameWriter) => void)[] = [
    (writer) => encodeRequest(writer, id, 'm', {}),
    (writer) => encodeNotification(writer, 'm', {}),
    (writer) => encodeAnswer(writer, id, null),
    (writer) => encodeAnswerRaw(writer, id, Buffer.from([0xc0])),
    (writer) => encodeErrorAnswer(writer, id, error),
    (writer) => encodeErrorAnswer(writer, undefined, error),
    (writer) => encodeErrorAnswer(writer, id, encodedOnce(error)),
  ];
  for (const write of frames) {
    const alone = new FrameWriter();
    write(alone);
    const expected = alone.take();
    // A buffer begins with 1,024 bytes: each head comes to lie across its end.
    for (let before = 900; before <= 1_100; before++) {
      const writer = new FrameWriter();
      writer.begin();
      writer.append(Buffer.alloc(before));
      writer.finish();
      write(writer);
      const written = writer.take().subarray(4 + before);
      if (!written.equals(expected)) t.fail(`behind ${before} bytes: ${written.toString('hex')}`);
    }
  }
});

t.test('an error without a known code is refused', async (t) => {
  for (const hex of ['940101a378797ac0', '94010180c0', '94010181a4636f6465a3626164c0']) {
    const bytes = Buffer.from(hex, 'hex');
    t.throws(() => decodeError(bytes, 0, bytes.length), { code: 'invalid_argument' }, hex);
  }
});

t.test('a message that cannot be encoded leaves nothing behind', async (t) => {
  const writer = new FrameWriter();
  t.throws(() => encodeRequest(writer, 1, 'ping', Symbol('no')));
  t.throws(() => encodeAnswer(writer, 1, Symbol('no')));
  t.equal(writer.length, 0);
  encodeRequest(writer, 1, 'ping', {});
  t.ok(writer.length > 0);
});
