/** Copies of bytes. */

/** Up to this size the call that copies takes longer than a loop. */
const loopCopyMax = 128;
/** Where a writer calls its Buffer's `set`, code that V8 has optimized looks it up each time (Node 20). */
const { set } = Uint8Array.prototype;

/** `target.set(source, at)`, for what is called with every message. */
export function copyInto(target: Uint8Array, source: Uint8Array, at: number): void {
  set.call(target, source, at);
}

/** The first bytes, the caller's for good; small ones lie in Node's pool. */
export function copyOfFirst(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  if (length > loopCopyMax) bytes.copy(copy, 0, 0, length);
  else for (let i = 0; i < length; i++) copy[i] = bytes[i] ?? 0;
  return copy;
}
