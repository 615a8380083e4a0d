/** Says in an operator's words which entries the damaged batch of a member may have held. Pure. */
import type { Doubt } from '../consensus/types.js';

export function placesText({ afterSeq, throughSeq }: Doubt): string {
  if (throughSeq === undefined) return `any entries after ${afterSeq}`;
  return throughSeq > afterSeq ? `entries ${afterSeq + 1} through ${throughSeq}` : 'no entries';
}
