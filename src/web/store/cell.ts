/** A value that changes, and its listeners: views share it without depending on each other. */
import { useEffect, useState } from 'preact/hooks';

export interface Cell<T> {
  get(): T;
  set(next: T): void;
  /** Returns a function that removes the listener. */
  watch(listener: (value: T) => void): () => void;
}

export function cell<T>(first: T): Cell<T> {
  const listeners = new Set<(value: T) => void>();
  let value = first;
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener(value);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useCell<T>(shared: Cell<T>): T {
  const [value, setValue] = useState(() => shared.get());
  useEffect(() => {
    setValue(() => shared.get());
    return shared.watch((next) => setValue(() => next));
  }, [shared]);
  return value;
}
