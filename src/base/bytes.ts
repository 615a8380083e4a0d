/** Functions that copy bytes. */

/** Up to this size a loop is faster than the call that copies. */
const loopCopyMax = 128;
/** A call of a Buffer's own `set` is looked up each time in optimized code (V8 of Node 20). */
const { set } = Uint8Array.prototype;

/** `target.set(source, at)`, for code that runs for every message. */
export function copyInto(target: Uint8Array, source: Uint8Array, at: number): void {
  set.call(target, source, at);
}

/** A copy of the first bytes that the caller may keep; small copies use Node's pool. */
export function copyOfFirst(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  if (length > loopCopyMax) bytes.copy(copy, 0, 0, length);
  else for (let i = 0; i < length; i++) copy[i] = bytes[i] ?? 0;
  return copy;
}
