/**
 * A value as it comes out at the other end of a wire: equal, but nothing of it shared. What is
 * undefined arrives as null in an array and not at all in a map. The bytes of a command never
 * change, so that they alone may be shared.
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
