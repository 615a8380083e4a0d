/** Decimal numbers of a fixed width inside a request that is encoded once. */

const zero = 0x30;

/** Digits of the ids of items and of the serial number of a key. */
export const itemDigits = 5;
export const keyDigits = 12;
export const itemsMax = 10 ** itemDigits - 2;

/** Writes `value` right-aligned into `width` bytes and pads it with `pad`, by default the digit 0. */
export function writeDigits(
  bytes: Buffer,
  at: number,
  width: number,
  value: number,
  pad = zero,
): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    bytes[i] = rest > 0 ? zero + (rest % 10) : pad;
    rest = Math.floor(rest / 10);
  }
}

/** Where `text` begins; it must occur exactly once. */
export function positionOf(bytes: Buffer, text: string): number {
  const at = bytes.indexOf(text);
  if (at < 0 || bytes.indexOf(text, at + 1) >= 0) throw new Error(`no single ${text}`);
  return at;
}
