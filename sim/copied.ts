/**
 * A value as it arrives at the other end of a connection: equal, but without shared objects. Undefined
 * arrives as null in an array, and is absent in a map. The bytes of a command never change, so only they
 * may be shared.
 */
export function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = new Array(value.length);
    for (let i = 0; i < value.length; i++) list[i] = copied(value[i]);
    return list;
  }
  if (value instanceof Map) return new Map([...value].map(([key, field]) => [key, copied(field)]));
  const map: Record<string, unknown> = {};
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined) map[key] = copied(field);
  }
  return map;
}
