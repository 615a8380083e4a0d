/** PostgreSQL's text form of arrays, for parameters that `unnest` makes rows of. */

export function numberArray(values: readonly (number | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `${value}`)).join(',')}}`;
}

export function booleanArray(values: readonly boolean[]): string {
  return `{${values.map((value) => (value ? 't' : 'f')).join(',')}}`;
}

export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

export function bytesArray(values: readonly Uint8Array[]): string {
  return `{${values.map((value) => `"\\\\x${toBuffer(value).toString('hex')}"`).join(',')}}`;
}

/** The same bytes, not a copy. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
