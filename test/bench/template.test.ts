/** Request templates, decoded by an ordinary MessagePack library. */
import { Packr } from 'msgpackr';
import t from 'tap';
import { echoFrame, itemRequest, storeUint32 } from '../../bench/load/template.js';

const packr = new Packr({ useRecords: false });

t.test('a patched template is the request for that id and item', async (t) => {
  const { frame, idAt, itemAt } = itemRequest('buy', { quantity: 1 });
  storeUint32(frame, idAt, 4_123_456_789);
  storeUint32(frame, itemAt ?? 0, 200_000);
  t.equal(frame.readUInt32BE(0), frame.length - 4, 'the length prefix is right');
  t.same(packr.unpack(frame.subarray(4)), [0, 4_123_456_789, 'buy', { id: 200_000, quantity: 1 }]);
});

t.test('an echoed frame has the length asked for and reads as an answer', async (t) => {
  const { frame, idAt } = echoFrame(70);
  storeUint32(frame, idAt, 99);
  t.equal(frame.length, 70);
  const [type, id, error] = packr.unpack(frame.subarray(4));
  t.same([type, id, error], [1, 99, null]);
});
