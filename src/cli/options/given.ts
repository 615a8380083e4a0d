/** Leaves out options that were not given: requests have no empty fields. */

export type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the fields that have a value. */
export function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
