/**
 * A reference between the echo and the store: framing, MessagePack and a Map in one thread, with one
 * write per read; without validation, cache rules or durability. Ends with its parent.
 */
import { createServer, type Socket } from 'node:net';
import { Packr } from 'msgpackr';
import { frameHeaderBytes } from './message.js';

const productCount = 17;
const outputBytes = 256 * 1_024;
/** An answer is smaller than this; the output is flushed before less space is left. */
const answerBytesMax = 1_024;

type Request = readonly [type: number, id: number, method: string, params: { id: number }];

const packr = new Packr({ useRecords: false, variableMapSize: true });
const stock = new Map<number, number>();
for (let id = 1; id <= productCount; id++) stock.set(id, 1_000_000_000);
let orders = 0;

function answer(id: number, method: string, item: number): unknown[] {
  const quantity = stock.get(item);
  if (quantity === undefined) {
    return [1, id, { code: 'not_found', message: 'product not found', retryable: false }, null];
  }
  if (method === 'lookup') {
    const product = { id: item, name: 'Tux', topic: 'toys', price: 19.9, quantity, version: 1 };
    return [1, id, null, product];
  }
  stock.set(item, quantity - 1);
  orders += 1;
  return [1, id, null, { order_number: orders, total: 19.9 }];
}

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  let output = Buffer.alloc(outputBytes);
  let used = 0;
  const flush = (): void => {
    if (used === 0) return;
    socket.write(output.subarray(0, used));
    used = 0;
    if (socket.writableLength > 0) output = Buffer.alloc(outputBytes);
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const start = at + frameHeaderBytes;
      const end = start + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      const [, id, method, params]: Request = packr.unpack(bytes, { start, end });
      const packed = packr.pack(answer(id, method, params.id));
      output.writeUInt32BE(packed.length, used);
      output.set(packed, used + frameHeaderBytes);
      used += frameHeaderBytes + packed.length;
      if (output.length - used < answerBytesMax) flush();
      at = end;
    }
    rest = bytes.subarray(at);
    flush();
  });
}

const server = createServer({ noDelay: true }, serve);
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.once('disconnect', () => process.exit());
