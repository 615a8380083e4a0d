/**
 * Frames for set-up, single requests and error answers: a 4-byte big-endian length and one MessagePack
 * value. Not for the hot path of a measurement.
 */
import { Packr } from 'msgpackr';

const packr = new Packr({ useRecords: false, variableMapSize: true });

export const frameHeaderBytes = 4;

export function packValue(value: unknown): Buffer {
  // Copied, because the packer reuses its output buffer.
  return Buffer.from(packr.pack(value));
}

export function unpackValue(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

export function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  bytes.writeUInt32BE(payload.length, 0);
  bytes.set(payload, frameHeaderBytes);
  return bytes;
}

/** The code of an answer's error, or `unreadable`. */
export function errorCodeOf(answer: Uint8Array): string {
  const value = unpackValue(answer);
  const error: unknown = Array.isArray(value) ? value[2] : undefined;
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return 'unreadable';
}
