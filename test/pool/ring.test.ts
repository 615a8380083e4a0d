import fc from 'fast-check';
import t from 'tap';
import { RingReader, RingWriter, ringMemory } from '../../src/pool/ring.js';

const capacity = 64 * 1024;

function ring(): { writer: RingWriter; reader: RingReader } {
  const memory = ringMemory();
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

function takeAll(reader: RingReader): Buffer {
  return Buffer.from(reader.take(reader.written()) ?? new ArrayBuffer(0));
}

t.test('written bytes are read once, in order; bytes without room are not written', async () => {
  const step = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 1, max: capacity + 1 }),
    fc.constant('take' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { writer, reader } = ring();
      let waiting = Buffer.alloc(0);
      let next = 0;
      for (const length of steps) {
        if (length === 'take') {
          if (!takeAll(reader).equals(waiting)) return false;
          waiting = Buffer.alloc(0);
          continue;
        }
        const bytes = Buffer.from(Array.from({ length }, () => next++ % 251));
        const fits = waiting.length + length <= capacity;
        if (writer.write(bytes) !== fits) return false;
        if (fits) waiting = Buffer.concat([waiting, bytes]);
      }
      return takeAll(reader).equals(waiting);
    }),
    { numRuns: 60 },
  );
});

t.test('the ring continues after its positions wrap around', async (t) => {
  const { writer, reader } = ring();
  const block = Buffer.alloc(capacity - 4, 'block');
  const first = writer.position;
  for (let bytes = 0; bytes < 2 ** 32 - first + capacity; bytes += block.length) {
    const wrote = writer.write(block);
    const taken = reader.take(reader.written());
    if (wrote && taken?.byteLength === block.length) continue;
    t.fail(`at ${bytes}`);
    return;
  }
  t.ok(writer.position < first, 'they did');
  writer.write(Buffer.from('last'));
  t.equal(takeAll(reader).toString(), 'last');
});

t.test('unread bytes are not overwritten after positions wrap around', async (t) => {
  const { writer, reader } = ring();
  while (writer.position < 2 ** 32 - 30_000) {
    writer.write(Buffer.alloc(10_000));
    takeAll(reader);
  }
  const unread = Buffer.alloc(60_000, 'unread');
  t.ok(writer.write(unread));
  t.notOk(writer.write(unread), 'no room');
  t.ok(writer.write(Buffer.alloc(capacity - unread.length)));
  t.ok(takeAll(reader).subarray(0, unread.length).equals(unread));
});

t.test('the reader keeps the bytes that it has taken', async (t) => {
  const { writer, reader } = ring();
  writer.write(Buffer.from('first'));
  const first = takeAll(reader);
  for (let bytes = 0; bytes < 2 * capacity; bytes += 1_000) {
    writer.write(Buffer.alloc(1_000, 'x'));
    takeAll(reader);
  }
  t.equal(first.toString(), 'first');
});

t.test('only a sleeping reader is woken, and only once', async (t) => {
  const { writer, reader } = ring();
  writer.write(Buffer.from('a'));
  t.notOk(writer.mustWake(), 'it has never slept');
  t.notOk(reader.sleep(), 'there is something to take');
  writer.write(Buffer.from('b'));
  t.notOk(writer.mustWake(), 'so it did not fall asleep');
  takeAll(reader);
  t.ok(reader.sleep());
  t.notOk(reader.take(reader.written()));
  writer.write(Buffer.from('c'));
  t.ok(writer.mustWake());
  t.notOk(writer.mustWake(), 'somebody is at it');
});

t.test('a parcel keeps its place among the bytes', async (t) => {
  const { writer, reader } = ring();
  writer.write(Buffer.from('before'));
  const { position } = writer;
  writer.parcelSent();
  writer.write(Buffer.from('behind'));
  t.ok(reader.hasParcel());
  reader.parcelTaken();
  t.notOk(reader.hasParcel());
  t.equal(Buffer.from(reader.take(position) ?? new ArrayBuffer(0)).toString(), 'before');
  t.equal(reader.take(position), undefined);
  t.equal(takeAll(reader).toString(), 'behind');
  reader.parcelTaken();
  t.notOk(reader.hasParcel(), 'one that arrived before it was told of');
  writer.parcelSent();
  t.notOk(reader.hasParcel());
});
