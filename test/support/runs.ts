/**
 * How often a test repeats with other data: a few times in `npm test`, and as often as it should in
 * `npm run test:long` (test/thorough.long.test.ts).
 */
export function runs(few: number, many: number): number {
  return process.env.BAZAR_TEST_THOROUGH === '1' ? many : few;
}
