/** Computes rates between two statuses of a store. Pure. */

export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round(count / seconds) : 0;
}
