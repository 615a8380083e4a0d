/** Purchases over the store's raw port: `buy` with a key. */
import { AnswerReader } from '../load/answers.js';
import { errorCodeOf, frame, packValue } from '../load/message.js';
import { storeUint32 } from '../load/template.js';
import { keyDigits, positionOf, writeDigits } from './digits.js';
import type { Protocol } from './peer.js';

const requestId = 1;
/** Takes a MessagePack uint32, and its bytes occur nowhere else in the request. */
const anyItem = 0xfefefefe;
const anyKey = 'k'.repeat(keyDigits);

export function rawProtocol(): Protocol {
  const params = { id: anyItem, quantity: 1, key: anyKey };
  const request = frame(packValue([0, requestId, 'buy', params]));
  const itemAt = request.indexOf(Buffer.from([0xfe, 0xfe, 0xfe, 0xfe]));
  const keyAt = positionOf(request, anyKey);
  return {
    request,
    fill(bytes, item, key) {
      storeUint32(bytes, itemAt, item);
      writeDigits(bytes, keyAt, keyDigits, key);
    },
    reader(sink) {
      return new AnswerReader({
        accepted: () => sink.accepted(),
        refused: (_id, answer) => sink.refused(errorCodeOf(answer)),
      });
    },
  };
}
