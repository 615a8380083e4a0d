/** The numbers of the last order, cancellation and movement in the tables, as columns of each answer. */
import { assert } from '../base/assert.js';
import type { TableEnds } from './rows.js';

/** Of the table `applied`. */
export const endColumns = `last_order AS "lastOrder", last_cancellation AS "lastCancellation",
    last_movement AS "lastMovement"`;

/** They are the same in all rows. */
export function endsOf([first]: readonly TableEnds[]): TableEnds {
  assert(first, 'the schema has one applied row');
  const { lastOrder, lastCancellation, lastMovement } = first;
  return { lastOrder, lastCancellation, lastMovement };
}
