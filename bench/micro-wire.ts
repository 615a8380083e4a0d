/**
 * Nanoseconds per message for each step of the hot path: scan, envelope, decode, validate, encode. Run:
 * `node dist/bench/micro-wire.js`. Frames follow each other in a 64 KiB chunk, as from a busy
 * connection.
 */
import { decode, encode } from '../src/wire/codec.js';
import { FrameParser, FrameWriter } from '../src/wire/frame.js';
import { encodeAnswer, encodeAnswerRaw, encodeRequest, readEnvelope } from '../src/wire/message.js';
import { findViolation } from '../src/wire/structure.js';
import { validateParams } from '../src/wire/validate.js';

const chunkBytes = 65_536;
const rounds = 400;
const product = { id: 8, name: 'Tux', topic: 'toys', price: 19.9, quantity: 100, version: 1 };

interface Sample {
  readonly name: string;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const samples: Sample[] = [
  { name: 'lookup by id', method: 'lookup', params: { id: 8 } },
  { name: 'lookup by name', method: 'lookup', params: { name: 'Tux' } },
  {
    name: 'buy with a key',
    method: 'buy',
    params: { id: 8, quantity: 2, key: '3b241101-e2bb-4255-8caf-4136c566a962' },
  },
];

/** A chunk filled with copies of one request. */
function fullChunk({ method, params }: Sample): { chunk: Buffer; frames: number; bytes: number } {
  const writer = new FrameWriter();
  let frames = 0;
  let bytes = 0;
  while (writer.length + bytes <= chunkBytes) {
    encodeRequest(writer, 100_000 + frames++, method, params);
    bytes = writer.length / frames;
  }
  return { chunk: writer.take(), frames, bytes };
}

/** Best of five, in nanoseconds of processor time per call, so that other load matters less. */
function measure(calls: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    const nanos = ((user + system) * 1_000) / calls;
    if (i > 0) best = Math.min(best, nanos);
  }
  return best;
}

function print(name: string, nanos: number): void {
  process.stdout.write(`  ${name.padEnd(36)} ${nanos.toFixed(0).padStart(6)} ns\n`);
}

type Step = (buffer: Buffer, start: number, end: number) => void;

function perFrame(chunk: Buffer, frames: number, step: Step): number {
  const parser = new FrameParser(2 ** 20);
  return measure(frames * rounds, () => {
    for (let i = 0; i < rounds; i++) {
      parser.push(chunk);
      while (parser.next()) step(parser.buffer, parser.start, parser.end);
    }
  });
}

const result = encode(product);
const writer = new FrameWriter();
const takeSometimes = (): void => {
  if (writer.length > chunkBytes) writer.take();
};

for (const sample of samples) {
  const { chunk, frames, bytes } = fullChunk(sample);
  process.stdout.write(`${sample.name}, ${bytes.toFixed(0)} bytes a frame\n`);
  print(
    'frame',
    perFrame(chunk, frames, () => {}),
  );
  print('frame, scan', perFrame(chunk, frames, findViolation));
  print('frame, envelope', perFrame(chunk, frames, readEnvelope));
  const decoded: Step = (buffer, start, end) => {
    decode(buffer, readEnvelope(buffer, start, end).bodyStart, end);
  };
  print('frame, envelope, decode', perFrame(chunk, frames, decoded));
  const whole: Step = (buffer, start, end) => {
    if (findViolation(buffer, start, end) !== undefined) throw new Error('a bad sample');
    const { id = 0, method, bodyStart } = readEnvelope(buffer, start, end);
    validateParams(method, decode(buffer, bodyStart, end));
    encodeAnswerRaw(writer, id, result);
    takeSometimes();
  };
  print('all of it, cached answer', perFrame(chunk, frames, whole));
}

const count = 300_000;
process.stdout.write('writing\n');
const written = (name: string, step: (id: number) => void): void => {
  const run = (): void => {
    for (let id = 0; id < count; id++) {
      step(id);
      takeSometimes();
    }
  };
  print(name, measure(count, run));
};
written('request', (id) => encodeRequest(writer, id, 'lookup', { id: 8 }));
written('answer, encoded', (id) => encodeAnswerRaw(writer, id, result));
written('answer', (id) => encodeAnswer(writer, id, product));
