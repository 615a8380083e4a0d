/**
 * Purchases over HTTP/1.1: `POST /orders` with an `Idempotency-Key`, and answers with a Content-Length.
 * A refusal is named by `error.type` of its body, or else by its status.
 */
import { itemDigits, keyDigits, positionOf, writeDigits } from './digits.js';
import type { Protocol, PurchaseSink } from './peer.js';

const anyKey = 'k'.repeat(keyDigits);
const anyItem = 'i'.repeat(itemDigits);
const space = 0x20;
const headEnd = '\r\n\r\n';
const answerBytesMax = 1 << 16;

export function httpProtocol(): Protocol {
  const body = `{"id":${anyItem},"quantity":1}`;
  const head = [
    'POST /orders HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `Idempotency-Key: ${anyKey}`,
  ];
  const request = Buffer.from(`${head.join('\r\n')}${headEnd}${body}`);
  const keyAt = positionOf(request, anyKey);
  const itemAt = positionOf(request, anyItem);
  return {
    request,
    fill(bytes, item, key) {
      // JSON forbids leading zeros but allows spaces.
      writeDigits(bytes, itemAt, itemDigits, item, space);
      writeDigits(bytes, keyAt, keyDigits, key);
    },
    reader: (sink) => new HttpReader(sink),
  };
}

class HttpReader {
  readonly #sink: PurchaseSink;
  #held = Buffer.alloc(0);

  constructor(sink: PurchaseSink) {
    this.#sink = sink;
  }

  feed(chunk: Uint8Array, length: number): void {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, length);
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, fresh]) : fresh;
    const end = endOf(bytes);
    if (end === undefined || bytes.length < end) {
      if (bytes.length > answerBytesMax) throw new Error('an answer that is too long');
      this.#held = Buffer.from(bytes);
      return;
    }
    if (bytes.length > end) throw new Error('more than one answer');
    this.#held = Buffer.alloc(0);
    const answer = bytes.toString('latin1');
    if (/^HTTP\/1\.1 20[01] /.test(answer)) this.#sink.accepted();
    else this.#sink.refused(refusalOf(answer));
  }
}

/** Undefined if the head is incomplete. */
function endOf(bytes: Buffer): number | undefined {
  const headBytes = bytes.indexOf(headEnd);
  if (headBytes < 0) return undefined;
  const head = bytes.toString('latin1', 0, headBytes);
  const size = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (size === undefined) throw new Error('an answer without Content-Length');
  return headBytes + headEnd.length + Number(size);
}

function refusalOf(answer: string): string {
  const type = /"type":"(\w+)"/.exec(answer)?.[1];
  return type ?? `status ${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]}`;
}
