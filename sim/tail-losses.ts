/**
 * Damages the last batches of several members of a group at once, as far as the group tolerates it
 * (docs/PROTOCOL.md, R10): fewer than a majority can have acknowledged the doubtful entry, or it has an
 * intact copy at another member and no member had promised a newer epoch.
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { Tail } from './member-folder.js';
import type { StorageFault } from './storage-faults.js';
import type { GroupName, World } from './world.js';

interface Copy {
  readonly member: AnyMember;
  readonly tail: Tail;
}

export async function damageTails(
  world: World,
  cluster: Cluster,
  { group, power, downMs, wholeLaterMs = 0 }: StorageFault & { readonly kind: 'tails' },
): Promise<void> {
  const members = cluster.group(group);
  if (members.some(({ storage }) => storage.impaired)) return;
  const { faults } = world.random;
  for (const member of members) member.kill(downMs + faults.integer(100), power);
  const copies: Copy[] = [];
  for (const member of shuffled(world, members)) {
    const tail = member.process.up ? undefined : await member.storage.tail();
    if (tail) copies.push({ member, tail });
  }
  let damaged: readonly Copy[] = [];
  for (const copy of copies) {
    const more = [...damaged, copy];
    if (copies.length === members.length && isBearable(copies, more)) damaged = more;
  }
  for (const { member, tail } of damaged) member.storage.damageTail(tail);
  for (const { member } of copies) {
    const isWhole = damaged.every((one) => one.member !== member);
    if (isWhole && damaged.length > 0) member.process.kill(wholeLaterMs);
  }
  world.count(`groups with ${damaged.length} damaged tails`);
  world.trace(() => `damaged tails: ${describe(group, damaged)}`);
}

function isBearable(copies: readonly Copy[], damaged: readonly Copy[]): boolean {
  const majority = Math.floor(copies.length / 2) + 1;
  return damaged.every(({ tail }) => {
    for (let seq = tail.afterSeq + 1; seq <= tail.lastSeq; seq++) {
      const epoch = tail.epochOf(seq);
      const isIntact = copies.some((other) => {
        const end = damaged.includes(other) ? other.tail.afterSeq : other.tail.lastSeq;
        return end >= seq && other.tail.epochOf(seq) === epoch;
      });
      const inDoubt = damaged.filter((one) => holds(one.tail, seq)).length;
      if (inDoubt >= majority && !(isIntact && isKnown(copies, damaged))) return false;
    }
    return true;
  });
}

/**
 * Whether no damaged member had promised a newer epoch than that of the best readable log. Otherwise
 * the damaged batches may have held an entry of that epoch, and the group waits for an operator (R10.13).
 */
function isKnown(copies: readonly Copy[], damaged: readonly Copy[]): boolean {
  const newest = copies.map((copy) => {
    const { tail } = copy;
    return tail.epochOf(damaged.includes(copy) ? tail.afterSeq : tail.lastSeq) ?? 0;
  });
  return damaged.every(({ tail }) => tail.promisedBefore <= Math.max(...newest));
}

function holds({ afterSeq, lastSeq }: Tail, seq: number): boolean {
  return seq > afterSeq && seq <= lastSeq;
}

function shuffled<T>({ random }: World, all: readonly T[]): T[] {
  const placed = all.map((one) => ({ one, place: random.faults.fraction() }));
  return placed.sort((a, b) => a.place - b.place).map(({ one }) => one);
}

function describe(group: GroupName, damaged: readonly Copy[]): string {
  const names = damaged.map(({ member: { name }, tail }) => {
    return `${name} after ${tail.afterSeq} through ${tail.lastSeq}`;
  });
  return `${group}: ${names.join(', ')}`;
}
