/**
 * Describes for an operator the entries that a member's damaged batch may have held. Pure.
 */
import type { Doubt } from '../consensus/types.js';

export function placesText({ afterSeq, throughSeq }: Doubt): string {
  if (throughSeq === undefined) return `any entries after ${afterSeq}`;
  return throughSeq > afterSeq ? `entries ${afterSeq + 1} through ${throughSeq}` : 'no entries';
}
