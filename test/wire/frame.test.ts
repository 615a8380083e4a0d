import fc from 'fast-check';
import t from 'tap';
import { FrameParser, FrameWriter } from '../../src/wire/frame.js';

function framed(...payloads: Uint8Array[]): Buffer {
  const parts: Buffer[] = [];
  for (const payload of payloads) {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(payload.length);
    parts.push(header, Buffer.from(payload));
  }
  return Buffer.concat(parts);
}

function drain(parser: FrameParser): string[] {
  const frames: string[] = [];
  while (parser.next()) frames.push(parser.buffer.toString('latin1', parser.start, parser.end));
  return frames;
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
    return 'no error';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

t.test('frames are complete wherever the stream is divided', async (t) => {
  const stream = framed(Buffer.from('a'), Buffer.from('bc'), Buffer.from('defgh'));
  for (let cut = 0; cut <= stream.length; cut++) {
    const parser = new FrameParser(100);
    parser.push(stream.subarray(0, cut));
    const frames = drain(parser);
    parser.push(stream.subarray(cut));
    frames.push(...drain(parser));
    t.same(frames, ['a', 'bc', 'defgh'], `cut at ${cut}`);
  }
});

t.test(
  'frames are complete when they arrive byte by byte, with each chunk overwritten after use',
  async (t) => {
    const stream = framed(Buffer.from('one'), Buffer.alloc(3_000, 'x'), Buffer.from('two'));
    const parser = new FrameParser(4_000);
    const frames: string[] = [];
    const chunk = Buffer.alloc(1);
    for (const byte of stream) {
      chunk[0] = byte;
      parser.push(chunk);
      frames.push(...drain(parser));
      chunk[0] = 0xff;
    }
    t.same(frames, ['one', 'x'.repeat(3_000), 'two']);
  },
);

t.test('a frame inside one chunk is yielded in place', async (t) => {
  const stream = framed(Buffer.from('abc'), Buffer.from('de'));
  const parser = new FrameParser(100);
  parser.push(stream);
  t.ok(parser.next());
  t.equal(parser.buffer, stream);
  t.same([parser.start, parser.end], [4, 7]);
  t.ok(parser.next());
  t.equal(parser.buffer, stream);
  t.notOk(parser.next());
});

t.test('held frames survive the reuse of their chunk and more chunks', async (t) => {
  const stream = framed(Buffer.from('first'), Buffer.from('second'), Buffer.from('third'));
  const cut = stream.length - 3;
  const chunk = Buffer.from(stream.subarray(0, cut));
  const parser = new FrameParser(100);
  parser.push(chunk);
  t.ok(parser.next());
  parser.hold();
  chunk.fill(0xff);
  parser.push(stream.subarray(cut));
  parser.hold();
  t.same(drain(parser), ['second', 'third']);
});

t.test('a length over the cap is refused from the header alone', async (t) => {
  const header = framed(Buffer.alloc(101)).subarray(0, 4);
  const whole = new FrameParser(100);
  whole.push(header);
  t.equal(
    codeOf(() => whole.next()),
    'too_large',
  );
  const cut = new FrameParser(100);
  cut.push(header.subarray(0, 2));
  t.notOk(cut.next());
  cut.push(header.subarray(2));
  t.equal(
    codeOf(() => cut.next()),
    'too_large',
  );
  const largest = new FrameParser(100);
  largest.push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
  t.equal(
    codeOf(() => largest.next()),
    'too_large',
  );
  const exact = new FrameParser(100);
  exact.push(framed(Buffer.alloc(100)));
  t.ok(exact.next());
});

t.test('a claimed length allocates no more than has arrived', async (t) => {
  const parser = new FrameParser(2 ** 31);
  parser.push(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));
  const before = process.memoryUsage().arrayBuffers;
  t.notOk(parser.next());
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20);
});

t.test('an empty frame is refused', async (t) => {
  const parser = new FrameParser(100);
  parser.push(Buffer.alloc(4));
  t.equal(
    codeOf(() => parser.next()),
    'invalid_argument',
  );
});

t.test('any payloads in any division are read as they were written', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      (payloads, sizes, hold) => {
        const stream = framed(...payloads);
        const parser = new FrameParser(300);
        const frames: string[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          const chunk = Buffer.from(stream.subarray(at, at + size));
          at += size;
          parser.push(chunk);
          if (hold && i % 3 === 0) parser.hold();
          else frames.push(...drain(parser));
          chunk.fill(0);
        }
        frames.push(...drain(parser));
        const wanted = payloads.map((payload) => Buffer.from(payload).toString('latin1'));
        return JSON.stringify(frames) === JSON.stringify(wanted);
      },
    ),
  );
});

t.test('the writer collects frames until they are taken', async (t) => {
  const writer = new FrameWriter();
  const put = (text: string): void => {
    writer.begin();
    writer.append(Buffer.from(text));
    writer.finish();
  };
  put('hello');
  put('x'.repeat(70_000));
  const first = writer.take();
  put('next');
  const second = writer.take();
  put('y'.repeat(3));
  t.same(first, framed(Buffer.from('hello'), Buffer.alloc(70_000, 'x')));
  t.same(second, framed(Buffer.from('next')), 'taken bytes are not written over');
  t.equal(writer.length, 7);
});

t.test('a receiver that copies gets all frames, and may write others meanwhile', async (t) => {
  for (const length of [3, 3_000, 100_000]) {
    const writer = new FrameWriter();
    const put = (text: string): void => {
      writer.begin();
      writer.append(Buffer.from(text));
      writer.finish();
    };
    put('x'.repeat(length));
    writer.copyTo({
      write(bytes) {
        t.equal(writer.length, 0);
        put('meanwhile');
        t.same(bytes, framed(Buffer.alloc(length, 'x')));
      },
    });
    put('next');
    t.same(writer.take(), framed(Buffer.from('meanwhile'), Buffer.from('next')));
  }
});

t.test('a buffer that a receiver copied is used again unless it is large', async (t) => {
  for (const [length, isReused] of [
    [100, true],
    [9_000, false],
  ] as const) {
    const writer = new FrameWriter();
    writer.begin();
    writer.append(Buffer.alloc(length));
    writer.finish();
    const { bytes } = writer;
    writer.copyTo({ write: () => {} });
    t.equal(writer.bytes === bytes, isReused, `${length} bytes`);
  }
});

t.test('bytes of any length are appended whole or in part', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 200 }, (_none, at) => at));
  for (const length of [1, 48, 49, 200]) {
    const writer = new FrameWriter();
    const parts = [bytes.subarray(0, length), bytes.subarray(200 - length)];
    for (let i = 0; i < 10; i++) {
      writer.begin();
      writer.append(parts[0] ?? bytes);
      writer.append(new Uint8Array(parts[0] ?? bytes));
      writer.appendPart(bytes, 200 - length, 200);
      writer.finish();
    }
    const whole = framed(Buffer.concat([parts[0] ?? bytes, ...parts]));
    t.same(writer.take(), Buffer.concat(Array(10).fill(whole)), `${length} bytes`);
  }
});

t.test('an abandoned or rewound frame leaves no trace', async (t) => {
  const writer = new FrameWriter();
  writer.begin();
  writer.append(Buffer.from('kept'));
  writer.finish();
  writer.begin();
  writer.append(Buffer.from('lost'));
  writer.abandon();
  const mark = writer.length;
  writer.begin();
  writer.append(Buffer.from('too large'));
  writer.finish();
  writer.rewind(mark);
  t.same(writer.take(), framed(Buffer.from('kept')));
});

t.test('a frame that is not finished cannot be taken, and frames do not nest', async (t) => {
  const writer = new FrameWriter();
  writer.begin();
  t.throws(() => writer.take());
  t.throws(() => writer.copyTo({ write: () => {} }));
  t.throws(() => writer.begin());
  t.throws(() => writer.finish(), 'an empty frame');
});
