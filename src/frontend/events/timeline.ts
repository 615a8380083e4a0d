/**
 * Derives the operators' timeline from what a frontend sees of the replicas: leaders and times
 * without one, members that go and return, and faults of members. Pure: uses no clock and no
 * socket. Invariant: each change is reported once.
 */
import { protocolTimes } from '../../base/limits.js';
import type { GroupName } from '../../group/membership.js';
import type { Health } from '../detector/elector.js';
import type { Leaders } from '../requests/backends.js';
import type { Moment } from '../types.js';
import type { EventKind } from './event-log.js';

/** A replica as the last round saw it. */
export interface Sight {
  readonly name: string;
  readonly group: GroupName;
  readonly isRecoveryServer: boolean;
  readonly connected: boolean;
  readonly health: Health | undefined;
  /** Time of its last answer; monotonic. */
  readonly heardMs: number | undefined;
}

/** Called at each new lead; 0 where there was no time without one. */
export type Led = (group: GroupName, outageMs: number) => void;

export type Tell = (name: EventKind, data: Readonly<Record<string, unknown>>) => void;

type Fault = 'disk_silent' | 'commit_stalled';

interface Seen {
  isUp: boolean;
  readonly faults: Set<Fault>;
}

interface Lead {
  readonly leader: string | undefined;
  readonly epoch: number;
  /** Time at which the newest leader was last known alive; undefined before the first. */
  readonly aliveMs: number | undefined;
}

export class Timeline {
  readonly #tell: Tell;
  readonly #ledTo: Led;
  readonly #members = new Map<string, Seen>();
  readonly #leads: Record<GroupName, Lead> = { catalog: noLead(), order: noLead() };

  constructor(tell: Tell, led: Led = () => {}) {
    this.#tell = tell;
    this.#ledTo = led;
  }

  /** Called after each round, and at every change. */
  saw(leaders: Leaders, sights: readonly Sight[], moment: Moment): void {
    for (const sight of sights) this.#saw(sight, moment.at);
    for (const group of ['catalog', 'order'] as const) {
      const of = (name: string | undefined): Sight | undefined =>
        sights.find((one) => one.group === group && one.name === name);
      const before = this.#leads[group];
      const sight = of(leaders[group]);
      this.#leads[group] = sight
        ? this.#led(before, sight, moment)
        : this.#lost(before, group, of(before.leader), moment);
    }
  }

  #led(before: Lead, { name, group, health, heardMs }: Sight, { nowMs, at }: Moment): Lead {
    const epoch = health?.epoch ?? before.epoch;
    if (name !== before.leader || epoch > before.epoch) {
      // Two leaders in direct succession leave no time without a leader.
      const isNew = before.leader !== undefined || before.aliveMs === undefined;
      const outageMs = isNew ? 0 : Math.round(nowMs - (before.aliveMs ?? nowMs));
      this.#tell('leader', { at, group, leader: name, epoch, outage_ms: outageMs });
      this.#ledTo(group, outageMs);
    }
    return { leader: name, epoch, aliveMs: heardMs ?? nowMs };
  }

  #lost(before: Lead, group: GroupName, sight: Sight | undefined, { nowMs, at }: Moment): Lead {
    if (before.leader === undefined) return before;
    this.#tell('leader', { at, group, leader: null, epoch: before.epoch, outage_ms: 0 });
    const message = `the ${group} group has no leader: ${before.leader} was lost`;
    this.#tell('fault', { at, what: 'no_leader', group, name: before.leader, message });
    // A crash closes the connection at once; a hung leader was last alive at its last answer.
    const aliveMs = sight?.connected ? before.aliveMs : nowMs;
    return { leader: undefined, epoch: before.epoch, aliveMs };
  }

  #saw({ name, group, isRecoveryServer, health }: Sight, at: string): void {
    const key = `${group}/${name}`;
    const seen = this.#members.get(key) ?? { isUp: false, faults: new Set<Fault>() };
    const isUp = health !== undefined;
    if (seen.isUp !== isUp) {
      seen.isUp = isUp;
      const kind = isRecoveryServer ? 'recovery' : 'replica';
      this.#tell('member', { at, name, group, kind, state: isUp ? 'up' : 'down' });
    }
    this.#members.set(key, seen);
    for (const [what, isWrong] of faultsOf(health)) {
      if (!isWrong) seen.faults.delete(what);
      else if (!seen.faults.has(what)) {
        seen.faults.add(what);
        this.#tell('fault', { at, what, group, name, message: `${name} ${words[what]}` });
      }
    }
  }
}

const words: Readonly<Record<Fault, string>> = {
  disk_silent: 'waits for its disk',
  commit_stalled: 'cannot commit: too few members of its group answer',
};

function faultsOf(health: Health | undefined): readonly (readonly [Fault, boolean])[] {
  const { diskSilentMs = 0, oldestUncommittedMs = 0 } = health ?? {};
  return [
    ['disk_silent', diskSilentMs > protocolTimes.stepDownMs],
    ['commit_stalled', oldestUncommittedMs > protocolTimes.oldestUncommittedMs],
  ];
}

function noLead(): Lead {
  return { leader: undefined, epoch: 0, aliveMs: undefined };
}
