/**
 * The orders that this browser placed: their numbers alone, newest first. What is in them is the
 * store's to say. Pure; the text is what the browser keeps.
 */
const keptMax = 50;

export function readKept(text: string | null): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  const numbers = value.filter((one): one is number => Number.isSafeInteger(one) && one > 0);
  return [...new Set(numbers)].slice(0, keptMax);
}

export function withOrder(kept: readonly number[], number: number): number[] {
  return [number, ...kept.filter((one) => one !== number)].slice(0, keptMax);
}

export function withoutOrder(kept: readonly number[], number: number): number[] {
  return kept.filter((one) => one !== number);
}
