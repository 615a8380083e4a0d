/**
 * Small checks of positional params, for messages between services. They guard against a service
 * of another build, not against a customer: that is the schemas' work.
 */

export function isTuple(value: unknown, length: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length === length;
}

/** As a tuple of `least` fields to which later builds may have added some. */
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

/** A map; decoded binary is an object as well, but no map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !ArrayBuffer.isView(value);
}
