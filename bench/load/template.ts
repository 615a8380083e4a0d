/**
 * A request's frame encoded once, with the positions of the fields that differ: its id and the item's
 * id. Both are fixed-width MessagePack uint32, so all frames have the same length and a request costs
 * eight byte stores.
 */
import { frame, frameHeaderBytes, packValue } from './message.js';

export interface RequestTemplate {
  readonly frame: Buffer;
  /**
   * Position of the four bytes of the request's id; undefined if requests have no ids and are answered
   * in order.
   */
  readonly idAt: number | undefined;
  /** Position of the four bytes of the item's id; undefined if the request names no item. */
  readonly itemAt: number | undefined;
}

/** The store's own requests have ids. */
export interface RpcTemplate extends RequestTemplate {
  readonly idAt: number;
}

const arrayOfFour = 0x94;
const uint32 = 0xce;
const nil = 0xc0;
const bin16 = 0xc5;
const answerType = 1;
const idAt = frameHeaderBytes + 3;

/** `[0, id, method, {id: item, …params}]`. */
export function itemRequest(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): RpcTemplate {
  const others = Object.entries(params).flatMap((pair) => pair.map(packValue));
  const fields = 1 + Object.keys(params).length;
  const head = Buffer.concat([
    Buffer.from([arrayOfFour, 0, uint32, 0, 0, 0, 0]),
    packValue(method),
    Buffer.from([0x80 | fields]),
    packValue('id'),
    Buffer.from([uint32]),
  ]);
  const payload = Buffer.concat([head, Buffer.alloc(4), ...others]);
  return { frame: frame(payload), idAt, itemAt: frameHeaderBytes + head.length };
}

/** `[0, id, method, params]`, equal each time except for the id. */
export function sameRequest(method: string, params: object): RpcTemplate {
  const head = Buffer.from([arrayOfFour, 0, uint32, 0, 0, 0, 0]);
  const payload = Buffer.concat([head, packValue(method), packValue(params)]);
  return { frame: frame(payload), idAt, itemAt: undefined };
}

/**
 * `[1, id, nil, padding]` with the given total length: the same code reads an echo of these bytes as an
 * answer of the store.
 */
export function echoFrame(length: number): RpcTemplate {
  const head = Buffer.from([arrayOfFour, answerType, uint32, 0, 0, 0, 0, nil, bin16]);
  const padding = length - frameHeaderBytes - head.length - 2;
  const size = Buffer.alloc(2);
  size.writeUInt16BE(padding, 0);
  const payload = Buffer.concat([head, size, Buffer.alloc(padding)]);
  return { frame: frame(payload), idAt, itemAt: undefined };
}

export function storeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
