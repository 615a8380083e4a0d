/**
 * Finds the answers in a stream of bytes. Of each answer it reads only the id and whether the error is
 * nil; only answers with an error are passed on. Chunks may be divided anywhere.
 */
import { frameHeaderBytes } from './message.js';

export interface AnswerSink {
  accepted(id: number): void;
  /** `answer` is valid during the call only. */
  refused(id: number, answer: Uint8Array): void;
}

const frameBytesMax = 1 << 20;
const arrayOfFour = 0x94;
const answerType = 1;
const nil = 0xc0;

export class AnswerReader {
  readonly #sink: AnswerSink;
  /** The beginning of a frame whose end has not arrived yet. */
  #held = Buffer.alloc(4_096);
  #heldBytes = 0;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /**
   * Takes the first `length` bytes of `chunk`, which may be reused afterwards; throws on invalid input.
   */
  feed(chunk: Uint8Array, length: number): void {
    let at = this.#heldBytes > 0 ? this.#completeHeld(chunk, length) : 0;
    while (length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + payloadLength(chunk, at);
      if (end > length) break;
      this.#read(chunk, at + frameHeaderBytes, end);
      at = end;
    }
    if (at < length) this.#hold(chunk, at, length);
  }

  /** Completes the held frame from the chunk's beginning and returns where the next one starts. */
  #completeHeld(chunk: Uint8Array, length: number): number {
    let at = 0;
    if (this.#heldBytes < frameHeaderBytes) {
      at = Math.min(length, frameHeaderBytes - this.#heldBytes);
      this.#hold(chunk, 0, at);
      if (this.#heldBytes < frameHeaderBytes) return at;
    }
    const size = frameHeaderBytes + payloadLength(this.#held, 0);
    const end = at + Math.min(length - at, size - this.#heldBytes);
    this.#hold(chunk, at, end);
    if (this.#heldBytes === size) {
      this.#heldBytes = 0;
      this.#read(this.#held, frameHeaderBytes, size);
    }
    return end;
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    const bytes = this.#heldBytes + to - from;
    if (bytes > this.#held.length) {
      const larger = Buffer.alloc(bytes * 2);
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(from, to), this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #read(bytes: Uint8Array, at: number, end: number): void {
    if (bytes[at] !== arrayOfFour || bytes[at + 1] !== answerType) throw new Error('not an answer');
    const marker = bytes[at + 2] ?? nil;
    const width = idWidth(marker);
    const id = width === 0 ? marker : bigEndian(bytes, at + 3, width);
    if (bytes[at + 3 + width] === nil) this.#sink.accepted(id);
    else this.#sink.refused(id, bytes.subarray(at, end));
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  const length = bigEndian(bytes, at, 4);
  if (length > frameBytesMax) throw new Error(`an answer of ${length} bytes`);
  return length;
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = (value << 8) | (bytes[i] ?? 0);
  return value >>> 0;
}

/** Bytes after the marker of an unsigned integer, or 0 if the marker is the number itself. */
function idWidth(marker: number): number {
  if (marker < 0x80) return 0;
  if (marker === 0xcc) return 1;
  if (marker === 0xcd) return 2;
  if (marker === 0xce) return 4;
  throw new Error('an answer without an id');
}
