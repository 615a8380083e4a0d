import fc from 'fast-check';
import t from 'tap';
import { systemClock } from '../../src/base/clock.js';
import { BatchWriter, type Kind, kinds, readBatch } from '../../src/pool/batch.js';

interface Record {
  readonly kind: Kind;
  readonly session: number;
  readonly bytes: string;
}

function read(batch: ArrayBuffer): Record[] {
  const records: Record[] = [];
  readBatch(batch, {
    record(kind, session, buffer, start, length) {
      records.push({ kind, session, bytes: Buffer.from(buffer, start, length).toString('hex') });
    },
  });
  return records;
}

/** A writer whose turns end when the test says. */
function start(gather: (writer: BatchWriter) => void = () => {}) {
  const batches: ArrayBuffer[] = [];
  const turns: (() => void)[] = [];
  const clock = { ...systemClock, afterTurn: (callback: () => void) => void turns.push(callback) };
  const writer: BatchWriter = new BatchWriter(
    clock,
    (batch) => batches.push(new Uint8Array(batch).buffer),
    () => gather(writer),
  );
  const endTurn = (): void => {
    for (const callback of turns.splice(0)) callback();
  };
  return { writer, batches, turns, endTurn };
}

/** Bytes of a session after another, whatever the records between them. */
function streams(records: readonly Record[]): { [session: number]: string } {
  const out: { [session: number]: string } = {};
  for (const { session, bytes } of records) out[session] = (out[session] ?? '') + bytes;
  return out;
}

const sessionIds = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(2 ** 32 - 1));
const chunks = fc.record({
  session: sessionIds,
  bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});

t.test('each session reads its bytes in order, with any other records between', async () => {
  fc.assert(
    fc.property(fc.array(chunks, { minLength: 1, maxLength: 60 }), (written) => {
      const { writer, batches, endTurn } = start();
      const expected: Record[] = [];
      for (const { session, bytes } of written) {
        writer.data(session, bytes);
        expected.push({ kind: kinds.data, session, bytes: Buffer.from(bytes).toString('hex') });
      }
      endTurn();
      const got = batches.flatMap(read);
      return (
        batches.length === 1 &&
        JSON.stringify(streams(got)) === JSON.stringify(streams(expected)) &&
        got.every((record, at) => record.session !== got[at + 1]?.session)
      );
    }),
  );
});

t.test('records of all kinds keep their order and stay separate', async (t) => {
  const { writer, batches, endTurn } = start();
  writer.record(kinds.open, 7, Buffer.from('raw'));
  writer.data(7, Buffer.from('ab'));
  writer.record(kinds.end, 7);
  writer.data(7, Buffer.from('cd'));
  writer.credit(7, 2 ** 31 + 5);
  writer.record(kinds.answers, 0, Buffer.from('xyz'));
  endTurn();
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const credit = Buffer.from(new Uint32Array([2 ** 31 + 5]).buffer).toString('hex');
  t.same(batches.flatMap(read), [
    { kind: kinds.open, session: 7, bytes: hex('raw') },
    { kind: kinds.data, session: 7, bytes: hex('ab') },
    { kind: kinds.end, session: 7, bytes: '' },
    { kind: kinds.data, session: 7, bytes: hex('cd') },
    { kind: kinds.credit, session: 7, bytes: credit },
    { kind: kinds.answers, session: 0, bytes: hex('xyz') },
  ]);
});

t.test('there is one flush a turn, with collected records, and none without records', async (t) => {
  let gathered = 0;
  const { writer, batches, turns, endTurn } = start((self) => {
    if (gathered++ === 0) self.record(kinds.calls, 0, Buffer.from('calls'));
  });
  writer.schedule();
  writer.data(1, Buffer.from('a'));
  t.equal(turns.length, 1);
  endTurn();
  t.same(
    batches.flatMap(read).map(({ kind }) => kind),
    [kinds.data, kinds.calls],
  );
  t.equal(turns.length, 0, 'what is gathered has left as well');
  writer.data(1, new Uint8Array(0));
  endTurn();
  t.equal(batches.length, 1);
});

t.test('a batch above its size is sent early and in order', async (t) => {
  const { writer, batches, endTurn } = start();
  const chunk = new Uint8Array(100_000);
  for (let round = 0; round < 40; round++) writer.data(1 + (round % 3), chunk.fill(round));
  t.ok(batches.length >= 3, 'before the end of the turn');
  writer.data(9, new Uint8Array(3_000_001).fill(9));
  endTurn();
  const records = batches.flatMap(read);
  t.equal(records.length, 41);
  for (let round = 0; round < 40; round++) {
    const hex = round.toString(16).padStart(2, '0');
    if (records[round]?.bytes !== hex.repeat(100_000)) t.fail(`chunk ${round}`);
  }
  t.equal(records[40]?.bytes, '09'.repeat(3_000_001));
  for (const batch of batches.slice(0, -1)) t.ok(batch.byteLength <= 1024 * 1024);
  writer.data(1, Buffer.from('after'));
  endTurn();
  t.equal(batches.at(-1)?.byteLength, 16);
});

t.test(
  'records that a receiver writes while it is given a large batch keep their order',
  async (t) => {
    const batches: Record[][] = [];
    let again = true;
    const writer: BatchWriter = new BatchWriter(
      systemClock,
      (batch) => {
        batches.push(read(new Uint8Array(batch).buffer));
        if (!again) return;
        again = false;
        writer.data(2, new Uint8Array(100_000).fill(2));
      },
      () => {},
    );
    writer.data(1, new Uint8Array(2_000_000).fill(1));
    writer.flush();
    writer.flush();
    const records = batches.flat();
    t.same(
      records.map(({ session }) => session),
      [1, 2],
    );
    t.equal(records[0]?.bytes, '01'.repeat(2_000_000));
    t.equal(records[1]?.bytes, '02'.repeat(100_000));
  },
);

t.test('written bytes are copied: the caller may reuse its buffer', async (t) => {
  const { writer, batches, endTurn } = start();
  const bytes = Buffer.from('first');
  writer.data(1, bytes);
  bytes.fill(0);
  endTurn();
  writer.data(1, Buffer.from('other'));
  endTurn();
  t.same(
    batches.flatMap(read).map((record) => Buffer.from(record.bytes, 'hex').toString()),
    ['first', 'other'],
  );
});

t.test('a record beyond the end of its batch is a broken invariant', async (t) => {
  const batch = new Uint32Array([1, (kinds.data << 28) | 100, 0]);
  t.throws(() => read(batch.buffer), { name: 'AssertionError' });
});
