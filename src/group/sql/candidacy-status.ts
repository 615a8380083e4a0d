/**
 * What a replica over a database reports of its takeover. Without the phase, a frontend would nominate
 * the next replica after a moment, and that one would fence a slow takeover.
 */
import type { FailedCandidacy } from '../../consensus/types.js';
import type { CandidacyStatus } from '../types.js';

/** The frontends wait this long for a takeover, as for a candidacy of the other engine. */
const candidacyMs = 1_000;

/** `sinceMs`: when the takeover that is under way began. */
export function candidacyStatus(
  sinceMs: number | undefined,
  failure: FailedCandidacy | undefined,
  nowMs: number,
): CandidacyStatus {
  const isAwaited = sinceMs !== undefined && nowMs - sinceMs < candidacyMs;
  const phase = isAwaited ? { phase: 'prepare' as const } : {};
  if (failure === undefined) return phase;
  const { reason, atMs } = failure;
  return { ...phase, failure: { reason, agoMs: Math.max(0, nowMs - atMs) } };
}
