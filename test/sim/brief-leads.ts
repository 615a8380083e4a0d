/**
 * Leads that end as they begin: whoever stands for election in a group is soon heard no more, and
 * then dies, at any moment between its candidacy and its first commits. So entries are left with a
 * minority again and again, and later leaders find them (docs/PROTOCOL.md, R6; A3).
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { Fault } from './faults.js';
import type { Remedies } from './remedies.js';
import type { World } from './world.js';

const lookEveryMs = 0.5;
/**
 * Trips from one member to another after which a candidate is heard no more: before anybody hears
 * that it leads, or while it fills up a follower.
 */
const trips = [
  [3, 6],
  [5, 14],
] as const;
/** The others serve for a while. */
const leadsOnMs = 400;
/** What it appends after it is heard no more becomes durable. */
const unheardMs = 40;
/** Back when the next but one stands. */
const downMinMs = 200;
const downMoreMs = 800;

export class BriefLeads {
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #remedies: Remedies;
  /** Who is struck already, until it is down. */
  readonly #struck = new Set<AnyMember>();

  constructor(world: World, cluster: Cluster, remedies: Remedies) {
    this.#world = world;
    this.#cluster = cluster;
    this.#remedies = remedies;
  }

  begin({ group, forMs }: Fault & { readonly kind: 'brief-leads' }): void {
    const untilMs = this.#world.scheduler.livedMs + forMs;
    const look = (): void => {
      if (this.#world.scheduler.livedMs > untilMs) return;
      for (const member of this.#cluster.replicas(group)) {
        if (member.stands && !this.#struck.has(member)) this.#strike(member);
      }
      this.#remedies.strikeIn(lookEveryMs, look);
    };
    look();
  }

  #strike(member: AnyMember): void {
    const { random, profile, network } = this.#world;
    const { faults } = random;
    const tripMs = profile.network.latencyMs + profile.network.jitterMs / 2;
    const span = trips[faults.integer(trips.length + 1)];
    const fraction = faults.fraction();
    const others = this.#cluster.group(member.options.group).filter((one) => one !== member);
    this.#struck.add(member);
    const unheardAtMs = span
      ? tripMs * (span[0] + (span[1] - span[0]) * fraction)
      : leadsOnMs * fraction;
    const diesAtMs = unheardAtMs + unheardMs * (0.2 + faults.fraction());
    this.#remedies.strikeIn(unheardAtMs, () => {
      for (const { name } of others) network.cut(member.name, name);
      this.#remedies.undoIn(diesAtMs - unheardAtMs + 1, () => {
        for (const { name } of others) network.heal(member.name, name);
      });
    });
    this.#remedies.strikeIn(diesAtMs, () => {
      this.#struck.delete(member);
      member.kill(downMinMs + downMoreMs * faults.fraction(), false);
    });
  }
}
