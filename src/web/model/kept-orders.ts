/**
 * The orders that this browser placed: only their numbers, newest first. The store has their content.
 * Pure; the text is what the browser stores.
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
