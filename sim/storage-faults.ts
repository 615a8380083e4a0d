/**
 * Faults of stored data: parts of a folder that are lost or truncated, and last batches of several
 * members damaged at once. Plain data, drawn from the seed.
 */
import type { Random } from '../src/base/random.js';
import { type Part, parts } from './member-folder.js';

export type StorageFault =
  /** The member crashes, and this part of its folder is missing or truncated when it returns. */
  | {
      readonly kind: 'damage';
      readonly target: string;
      readonly part: Part;
      readonly downMs: number;
    }
  /**
   * All members of a group go down, and the last batches of as many as the group tolerates are damaged:
   * each entry has an intact copy, or too few can have acknowledged it.
   */
  | {
      readonly kind: 'tails';
      readonly group: 'catalog' | 'order';
      readonly power: boolean;
      readonly downMs: number;
      /** The additional time until the members with a whole journal return. */
      readonly wholeLaterMs?: number;
    };

const tailsShare = 0.4;

export function drawStorageFault(random: Random, replicas: readonly string[]): StorageFault {
  const downMs = 5 + random.integer(400);
  if (random.fraction() < tailsShare) {
    const group = random.integer(2) === 0 ? 'catalog' : 'order';
    return { kind: 'tails', group, power: random.integer(2) === 0, downMs };
  }
  const target = replicas[random.integer(replicas.length)] ?? '';
  return { kind: 'damage', target, part: parts[random.integer(parts.length)] ?? 'journal', downMs };
}
