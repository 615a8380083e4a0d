/** PostgreSQL's text form of arrays, for parameters that `unnest` makes rows of. */

export function numberArray(values: readonly (number | null)[]): string {
  return arrayOf(values, String);
}

export function booleanArray(values: readonly boolean[]): string {
  return `{${values.map((value) => (value ? 't' : 'f')).join(',')}}`;
}

export function textArray(values: readonly (string | null)[]): string {
  return arrayOf(values, (value) => `"${value.replace(/["\\]/g, '\\$&')}"`);
}

export function bytesArray(values: readonly (Uint8Array | null)[]): string {
  return arrayOf(values, (value) => `"\\\\x${toBuffer(value).toString('hex')}"`);
}

/** The same bytes, not a copy. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function arrayOf<T>(values: readonly (T | null)[], toText: (value: T) => string): string {
  return `{${values.map((value) => (value === null ? 'NULL' : toText(value))).join(',')}}`;
}
