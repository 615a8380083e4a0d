/**
 * Leaderships that end as they begin (docs/PROTOCOL.md, R6; A3). Each candidate with the agreement of a
 * majority is cut off at a random moment: the other members receive nothing that it sends after that.
 * Soon afterwards it crashes. So a minority keeps entries that later leaders find.
 */
import type { AnyMember, Cluster } from './cluster.js';
import type { Fault } from './faults.js';
import type { Remedies } from './remedies.js';
import type { World } from './world.js';

const lookEveryMs = 0.5;
/**
 * When a candidate is cut off: after it asked for promises, so that only it appends its opening entry;
 * after it sent an older entry to a follower, so that the follower gets no later one; or some time
 * later.
 */
const moments = ['prepares', 'fills', 'later'] as const;
type Moment = (typeof moments)[number];
/** It is cut off by then at the latest. */
const latestMaxMs = 400;
/** After the cut it runs for this many message trips, to receive answers and to write its entries. */
const tripsMin = 2;
const tripsMore = 4;
const writesMs = 3;
/** It returns when the next candidate stands, or the one after that. */
const downMinMs = 200;
const downMoreMs = 800;

export class BriefLeads {
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #remedies: Remedies;
  /** Members with a chosen moment, until they are down. */
  readonly #chosen = new Set<AnyMember>();

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
        if (isAgreedTo(member) && !this.#chosen.has(member)) this.#choose(member);
      }
      this.#remedies.injectIn(lookEveryMs, look);
    };
    look();
  }

  #choose(member: AnyMember): void {
    const { random, scheduler } = this.#world;
    const moment = moments[random.faults.integer(moments.length)] ?? 'later';
    const latestMs = scheduler.livedMs + latestMaxMs * random.faults.fraction();
    this.#chosen.add(member);
    const look = (): void => {
      if (!isAgreedTo(member)) this.#chosen.delete(member);
      else if (isReached(member, moment) || scheduler.livedMs >= latestMs) this.#inject(member);
      else this.#remedies.injectIn(lookEveryMs, look);
    };
    look();
  }

  #inject(member: AnyMember): void {
    const { random, profile, network } = this.#world;
    const tripMs = profile.network.latencyMs + profile.network.jitterMs;
    const livesMs = writesMs + tripMs * (tripsMin + tripsMore * random.faults.fraction());
    const others = this.#cluster.group(member.options.group).filter((one) => one !== member);
    for (const { name } of others) {
      network.cut(member.name, name);
      this.#remedies.undoIn(livesMs, () => {
        // Messages sent over the cut are lost, and do not arrive after the crash.
        network.reset(member.name, name);
        network.heal(member.name, name);
      });
    }
    this.#remedies.injectIn(livesMs, () => {
      this.#chosen.delete(member);
      member.kill(downMinMs + downMoreMs * random.faults.fraction(), false);
    });
  }
}

/** Whether it leads, or is a candidate with the agreement of a majority. */
function isAgreedTo(member: AnyMember): boolean {
  const stage = member.host?.core.state.stage;
  return stage?.kind === 'leader' || (stage?.kind === 'candidate' && stage.phase !== 'prevote');
}

/** Whether the messages of this moment have left. */
function isReached(member: AnyMember, moment: Moment): boolean {
  const state = member.host?.core.state;
  if (!state) return false;
  const { stage, synced } = state;
  switch (moment) {
    case 'prepares':
      return (
        stage.kind === 'candidate' && stage.phase === 'prepare' && synced >= stage.promisePosition
      );
    case 'fills':
      if (stage.kind !== 'leader') return false;
      return [...stage.peers.values()].some(({ sent }) => {
        const through = sent.at(-1)?.through;
        return through !== undefined && through < stage.openingSeq;
      });
    case 'later':
      return false;
  }
}
