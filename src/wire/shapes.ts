/**
 * Small checks of positional params in messages between services. They guard against a service of
 * another build; the schemas guard against customers.
 */

export function isTuple(value: unknown, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length;
}

/** A tuple of at least `least` fields; later builds may have added some. */
export function hasFields(value: unknown, least: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= least;
}

export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

/** A map. Decoded binary is an object as well, but not a map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !ArrayBuffer.isView(value);
}
