/**
 * The part of Redis' protocol (RESP 2) that a GET needs: the request, and answers matched in order,
 * because they carry no ids. Chunks may be divided anywhere.
 */
import type { RequestTemplate } from './template.js';

export interface InOrderSink {
  /** The oldest request has its answer; an error or a missing value is a refusal. */
  answered(refusal: string | undefined): void;
}

const carriageReturn = 0x0d;
const bulk = 0x24;
const errorMark = 0x2d;
const lineEndBytes = 2;

/** `GET key`; the key is the item's id as four bytes. */
export function getRequest(): RequestTemplate {
  const head = Buffer.from('*2\r\n$3\r\nGET\r\n$4\r\n');
  const frame = Buffer.concat([head, Buffer.alloc(4), Buffer.from('\r\n')]);
  return { frame, idAt: undefined, itemAt: head.length };
}

/** `SET key value`, once for each item. */
export function setRequest(item: number, value: string): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(item);
  return Buffer.concat([
    Buffer.from('*3\r\n$3\r\nSET\r\n$4\r\n'),
    key,
    Buffer.from(`\r\n$${Buffer.byteLength(value)}\r\n${value}\r\n`),
  ]);
}

export class RespReader {
  readonly #sink: InOrderSink;
  #held = Buffer.alloc(0);

  constructor(sink: InOrderSink) {
    this.#sink = sink;
  }

  /** Takes the first `length` bytes of `chunk`, which may be reused afterwards. */
  feed(chunk: Uint8Array, length: number): void {
    const fresh = chunk.subarray(0, length);
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, fresh]) : fresh;
    let at = 0;
    for (;;) {
      const end = this.#read(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    this.#held = Buffer.from(bytes.subarray(at));
  }

  /** Reads one answer and returns where it ends, or undefined if it is incomplete. */
  #read(bytes: Uint8Array, at: number): number | undefined {
    const line = bytes.indexOf(carriageReturn, at);
    if (line < 0 || line + lineEndBytes > bytes.length) return undefined;
    const end = line + lineEndBytes;
    if (bytes[at] === errorMark) {
      this.#sink.answered(text(bytes, at + 1, line));
      return end;
    }
    if (bytes[at] !== bulk) {
      this.#sink.answered(undefined);
      return end;
    }
    const size = Number(text(bytes, at + 1, line));
    if (size < 0) {
      this.#sink.answered('no value');
      return end;
    }
    const whole = end + size + lineEndBytes;
    if (whole > bytes.length) return undefined;
    this.#sink.answered(undefined);
    return whole;
  }
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}
