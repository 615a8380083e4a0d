/**
 * Faults of what lies on the disks: parts of a folder that are lost or cut short, and last batches
 * of several members that are damaged at once. Plain data, drawn from the seed.
 */
import type { Random } from '../src/base/random.js';
import { type Part, parts } from './member-folder.js';

export type StorageFault =
  /** The member dies, and this part of its folder is gone or cut short when it comes back. */
  | {
      readonly kind: 'damage';
      readonly target: string;
      readonly part: Part;
      readonly downMs: number;
    }
  /**
   * All members of a group go down, and the last batches of as many as the group can bear are
   * damaged: of each entry there is an intact copy, or too few can have acknowledged it.
   */
  | {
      readonly kind: 'tails';
      readonly group: 'catalog' | 'order';
      readonly power: boolean;
      readonly downMs: number;
      /** So much later those come back whose journal is whole. */
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
