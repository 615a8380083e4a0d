/** Chance that a seed repeats: numbers from 0 to below 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Another one each time, unless BAZAR_TEST_SEED says which. */
export function chosenSeed(): number {
  return Number(process.env.BAZAR_TEST_SEED ?? Date.now() % 2 ** 32);
}
