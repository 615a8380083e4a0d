/**
 * Adds entries from another member to the own log (docs/PROTOCOL.md, R5; also used by R4). The entry
 * before them must agree in seq and epoch, so equal ends mean equal logs (I2). Truncates only on
 * conflict, and never at or below the commit (I3).
 */
import { assert } from '../base/assert.js';
import type { State } from './state.js';
import type { Entry, Position } from './types.js';

/** Returns false, and changes nothing, when the entry before does not agree. */
export function adopt(state: State, prev: Position, entries: readonly Entry[]): boolean {
  const { log, out, rules } = state;
  if (!agrees(state, prev) || !isContiguous(prev, entries)) return false;
  for (const entry of entries) {
    if (entry.seq <= log.base.seq) continue;
    const own = log.epochOf(entry.seq);
    if (own === entry.epoch) continue;
    if (own !== undefined) {
      assert(entry.seq > state.commit, `conflict at committed entry ${entry.seq} (I3)`);
      log.truncate(entry.seq);
      out.persist({ kind: 'truncate', from: entry.seq });
    } else if (!rules.previousEpochChecked && entry.seq !== log.last.seq + 1) {
      continue;
    }
    out.persist({ kind: 'entry', entry });
    log.append(entry, out.position);
  }
  return true;
}

function agrees(state: State, prev: Position): boolean {
  const { log, rules } = state;
  if (prev.seq < log.base.seq) return true;
  const own = log.epochOf(prev.seq);
  if (own === undefined) return false;
  return own === prev.epoch || !rules.previousEpochChecked;
}

function isContiguous(prev: Position, entries: readonly Entry[]): boolean {
  let { seq, epoch } = prev;
  for (const entry of entries) {
    if (entry.seq !== seq + 1 || entry.epoch < epoch) return false;
    seq = entry.seq;
    epoch = entry.epoch;
  }
  return true;
}
