/**
 * A frontend that still answers although the catalog's leader can no longer invalidate its cache
 * (docs/PROTOCOL.md, R8): paused, cut off, forgotten, or left with a former leader. All of it happens to
 * real processes and connections; no clock differs by more than the leases allow.
 */
import { leaseLimits, protocolTimes } from '../src/base/limits.js';
import type { Cluster } from './cluster.js';
import type { CutOptions, Cuts } from './cuts.js';
import type { Drift, Fault } from './faults.js';
import type { Frontend } from './frontend.js';
import { Onlooker } from './onlooker.js';
import type { Remedies } from './remedies.js';
import type { World } from './world.js';

/** A requested lease is granted by then. */
const answeredMs = 100;
/** The cache of a watched frontend is full by then. */
const filledMs = 30;
/** Messages on a connection that its sender has given up may arrive this late. */
const lateMaxMs = 200;
const soonMs = 40;
/** For a follower of two leaders: from before the next election until after it. */
const hangsAfterMs = 300;
const hangsMinMs = 100;
const hangsMoreMs = 600;
/** Without a majority a leader steps down soon after this time, whatever its clock. */
const leadsOnMs = 0.9 * protocolTimes.stepDownMs;

export interface DriftsOptions {
  readonly world: World;
  readonly cluster: Cluster;
  readonly cuts: Cuts;
  readonly remedies: Remedies;
}

export class Drifts {
  readonly #options: DriftsOptions;
  readonly #world: World;
  readonly #cluster: Cluster;

  constructor(options: DriftsOptions) {
    this.#options = options;
    this.#world = options.world;
    this.#cluster = options.cluster;
  }

  begin({ target, how, forMs, watched }: Fault & { readonly kind: 'adrift' }): void {
    const frontend = this.#cluster.frontends.find(({ name }) => name === target);
    if (!frontend) return;
    if (!watched) {
      this.#set(frontend, how, forMs);
      return;
    }
    this.#watch(frontend, filledMs + forMs);
    this.#options.remedies.injectIn(filledMs, () => this.#set(frontend, how, forMs));
  }

  pause(name: string, forMs: number, frozen = false): void {
    const life = this.#cluster.process(name)?.life;
    if (!life) return;
    life.pause(frozen);
    this.#options.remedies.undoIn(forMs, () => life.resume());
  }

  #set(frontend: Frontend, how: Drift, forMs: number): void {
    switch (how) {
      case 'pause':
        this.#hang(frontend, forMs);
        break;
      case 'suspend':
        this.#hang(frontend, forMs, true);
        break;
      case 'pause-renewing':
        frontend.beforeCall('renew_lease', () => {
          if (this.#options.remedies.healed) return;
          this.#hang(frontend, forMs);
          // The answer has arrived; later invalidations have not, and do not arrive after the pause.
          this.#options.remedies.injectIn(answeredMs, () => {
            this.#cutOff(frontend, forMs + answeredMs);
          });
        });
        break;
      case 'cut':
        this.#cutOff(frontend, forMs);
        this.#lookAround(frontend, forMs);
        break;
      case 'with-leader':
        this.#leaveWithLeader(frontend, { forMs, reset: 'never' });
        this.#lookAround(frontend, forMs);
        break;
      case 'deserted':
        this.#desert(frontend, forMs);
        break;
      case 'orphaned':
        this.#orphan(frontend, forMs);
        break;
      case 'half-closed':
        this.#halfClose(frontend, forMs);
        break;
      case 'two-leaders':
        this.#divideFollowers(frontend, forMs);
        break;
      case 'late-beginning':
        this.#beginLate(frontend);
        break;
    }
  }

  #hang(frontend: Frontend, forMs: number, frozen = false): void {
    this.pause(frontend.name, forMs, frozen);
    this.#lookAround(frontend, forMs);
  }

  #cutOff({ name }: Frontend, forMs: number): void {
    for (const catalog of this.#cluster.catalogs) {
      this.#options.cuts.cut(name, catalog.name, true, forMs);
    }
  }

  #leaveWithLeader({ name }: Frontend, cut: CutOptions): void {
    const leader = this.#cluster.leader('catalog');
    const near = leader ? [name, leader.name] : [name];
    this.#options.cuts.divide(near, cut);
  }

  /** The others need another leader at once; this one steps down without telling the frontend. */
  #desert(frontend: Frontend, forMs: number): void {
    this.#leaveWithLeader(frontend, { forMs, reset: 'begin' });
    this.#options.remedies.injectIn(leadsOnMs, () => this.#cutOff(frontend, forMs - leadsOnMs));
  }

  /** Cut off with a lease of a leader that crashes: the next leader has only the log's record of it. */
  #orphan(frontend: Frontend, forMs: number): void {
    const { remedies } = this.#options;
    this.#cutOff(frontend, forMs);
    remedies.injectIn(soonMs * this.#world.random.faults.fraction(), () => {
      this.#cluster.leader('catalog')?.kill(2 * leaseLimits.leaseMs, false);
    });
  }

  /**
   * The old leader keeps one follower, which is paused while the others elect another leader. The
   * frontend reaches all. When the follower resumes, it gets the waiting requests and the messages of
   * the new leader in one turn.
   */
  #divideFollowers(frontend: Frontend, forMs: number): void {
    const { cuts, remedies } = this.#options;
    const { network, random } = this.#world;
    const leader = this.#cluster.leader('catalog');
    const follower = this.#cluster.catalogs.find((one) => one !== leader);
    if (!leader || !follower) return;
    for (const { name } of this.#cluster.group('catalog')) {
      if (name === leader.name || name === follower.name) continue;
      cuts.cut(leader.name, name, true, forMs);
    }
    for (const { name } of this.#cluster.frontends) {
      if (name === frontend.name) continue;
      cuts.cut(leader.name, name, true, forMs);
      network.reset(leader.name, name);
    }
    const hangsAtMs = hangsAfterMs * random.faults.fraction();
    remedies.injectIn(hangsAtMs, () => {
      this.pause(follower.name, hangsMinMs + hangsMoreMs * random.faults.fraction());
    });
    this.#lookAround(frontend, forMs);
  }

  /** A middlebox resets the leader's end and lets nothing through to the other. */
  #halfClose({ name }: Frontend, forMs: number): void {
    const leader = this.#cluster.leader('catalog');
    if (!leader) return;
    this.#options.cuts.cut(leader.name, name, false, forMs);
    this.#world.network.abandon(leader.name, name);
  }

  /**
   * The connection with its session request stalls and is reset at its end; it repeats the request on
   * another one. The first request still arrives, as after a retransmission.
   */
  #beginLate(frontend: Frontend): void {
    const { remedies } = this.#options;
    const { network, random } = this.#world;
    const leader = this.#cluster.leader('catalog')?.name;
    if (leader === undefined) return;
    frontend.beforeCall('begin_session', (wire) => {
      if (remedies.healed) return;
      const lateMs = soonMs + (lateMaxMs - soonMs) * random.faults.fraction();
      remedies.undoIn(lateMs, wire.stall(leader));
      remedies.injectIn(1, () => wire.abandon(0));
    });
    network.abandon(frontend.name, leader);
  }

  #watch(adrift: Frontend, forMs: number): void {
    const { remedies, world } = this.#options;
    const [customer] = this.#cluster.customers;
    const other = this.#cluster.frontends.find((frontend) => frontend !== adrift);
    if (!customer || !other) return;
    const onlooker = new Onlooker({ world, customer, other, adrift });
    onlooker.watch(filledMs, forMs);
    remedies.undoIn(forMs, () => onlooker.stop());
  }

  /** Requests at the frontend just before and just after the end. */
  #lookAround(frontend: Frontend, forMs: number): void {
    for (const ms of [leaseLimits.leaseMs, forMs - 5, forMs + 5]) {
      this.#world.scheduler.in(ms, () => this.#cluster.customers[0]?.lookAround(frontend));
    }
  }
}
