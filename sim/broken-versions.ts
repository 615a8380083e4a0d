/**
 * A frontend's shared invalidation versions with one rule of its lease broken, for the seeded bugs;
 * without a bug they are those of production.
 */
import type { Clock } from '../src/base/clock.js';
import { leaseLimits } from '../src/base/limits.js';
import {
  InvalidationVersions,
  type LeaseEnd,
} from '../src/frontend/cache/invalidation-versions.js';
import type { World } from './world.js';

class BrokenVersions extends InvalidationVersions {
  readonly #world: World;
  readonly #life: Clock;
  #begun = false;
  /** The state according to the timer. */
  #flag = false;
  #ends = 0;

  constructor(world: World, life: Clock) {
    super(undefined, life);
    this.#world = world;
    this.#life = life;
  }

  override get isLeased(): boolean {
    if (this.#world.hasBug('leases-never-end')) return true;
    return this.#world.hasBug('leases-by-a-timer') ? this.#flag : super.isLeased;
  }

  override beginSession(logEnd: number, epoch: number, lease: LeaseEnd): void {
    const lasts = this.#begun && this.#world.hasBug('cache-survives-sessions');
    this.#begun = true;
    if (lasts) this.renew(lease);
    else super.beginSession(logEnd, epoch, this.#end(lease));
  }

  override renew(lease: LeaseEnd): void {
    super.renew(this.#end(lease));
  }

  override endSession(): void {
    if (!this.#world.hasBug('cache-survives-sessions')) super.endSession();
  }

  override isAboveMinPosition(bucket: number, appliedSeq: number): boolean {
    return this.#world.hasBug('floors-are-ignored') || super.isAboveMinPosition(bucket, appliedSeq);
  }

  override mayFill(
    ...[sighting, appliedSeq, grantEpoch]: Parameters<InvalidationVersions['mayFill']>
  ): boolean {
    const ignored = grantEpoch > 0 && this.#world.hasBug('lenders-are-ignored');
    return super.mayFill(sighting, appliedSeq, ignored ? this.epoch : grantEpoch);
  }

  /** The end of the lease, and the timer for it. */
  #end({ atMs, atWallMs }: LeaseEnd): LeaseEnd {
    const nowMs = this.#life.nowMs();
    const fromReceipt = this.#world.hasBug('leases-from-receipt');
    const endMs = fromReceipt ? nowMs + leaseLimits.leaseMs : atMs;
    const wallMs = fromReceipt ? this.#life.wallMs() + leaseLimits.leaseMs : atWallMs;
    const isIgnored = this.#world.hasBug('leases-ignore-the-wall-clock');
    this.#ends += 1;
    const ends = this.#ends;
    this.#flag = endMs > nowMs;
    this.#life.after(endMs - nowMs, () => {
      if (ends === this.#ends) this.#flag = false;
    });
    return { atMs: endMs, atWallMs: isIgnored ? Number.MAX_SAFE_INTEGER : wallMs };
  }
}

const bugs = [
  ...['leases-never-end', 'leases-by-a-timer', 'leases-from-receipt'],
  ...['leases-ignore-the-wall-clock', 'cache-survives-sessions'],
  ...['floors-are-ignored', 'lenders-are-ignored'],
] as const;

export function newVersions(world: World, clock: Clock): InvalidationVersions {
  const isBroken = bugs.some((bug) => world.hasBug(bug as Parameters<World['hasBug']>[0]));
  return isBroken ? new BrokenVersions(world, clock) : new InvalidationVersions(undefined, clock);
}
