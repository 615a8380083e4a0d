/**
 * The rules of purchase, cache and storage that the simulator may break one at a time, beside the
 * core's own switches (src/consensus/rules.ts): each is built into the simulated services only.
 */

export const bugs = ['keys-forget-refusals'] as const;

export type Bug = (typeof bugs)[number];
