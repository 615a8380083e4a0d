/**
 * A replica or witness of one group through its lives: the production host over a journal, the
 * simulated peers and the service's own desks. Starts, dies, repairs itself as an operator would.
 */

import { every } from '../../src/base/clock.js';
import { BazarError } from '../../src/base/errors.js';
import type { Entry, MemberId, StateMachine } from '../../src/consensus/types.js';
import { GroupHost } from '../../src/group/host.js';
import { MemberDesk } from '../../src/group/member-desk.js';
import type { SnapshotPort } from '../../src/group/snapshot-port.js';
import { CorruptionError } from '../../src/storage/corruption.js';
import { DiskError } from '../../src/storage/disk-error.js';
import type { CatalogCommand } from '../../src/wire/internal.js';
import {
  type MemorySnapshot,
  memorySnapshots,
  packPieces,
  unpackPieces,
} from '../group/memory-snapshots.js';
import { peerHandler, serviceHandler } from './doors.js';
import type { Ambush } from './faults.js';
import type { MemberOptions, Service } from './member-options.js';
import { SimPeers } from './peers.js';
import type { Life } from './process.js';
import { Process } from './processes.js';
import { listen } from './rpc.js';
import { MemberStorage } from './storage.js';
import { watchedJournal } from './watched-journal.js';
import type { GroupName, World } from './world.js';

/** How long the operator takes to start a corrupt replica with --repair. */
const repairMs = 200;
const maybeMs = 150;
const ambushDownMs = 30;
const shortenMs = 300;

export class Member<Result> {
  readonly process: Process;
  readonly storage: MemberStorage;
  readonly options: MemberOptions<Result>;
  readonly #world: World;
  #host: GroupHost<Result> | undefined;
  #service: Service<Result> | undefined;
  #peers: SimPeers | undefined;
  #journal: ReturnType<typeof watchedJournal> | undefined;
  #ambush: Ambush | undefined;
  #repairing = false;
  #compacting = false;

  constructor(world: World, options: MemberOptions<Result>) {
    this.#world = world;
    this.options = options;
    const { name, index } = options;
    this.storage = new MemberStorage(world, name, !options.keepsSnapshots);
    this.process = options.beside ?? new Process(world, { name, index });
    this.process.runs((life) => void this.#boot(life));
  }

  get name(): MemberId {
    return this.options.name;
  }

  /** Of the present life, when its log is recovered. */
  get host(): GroupHost<Result> | undefined {
    return this.process.up ? this.#host : undefined;
  }

  get machine(): StateMachine<Result> | undefined {
    return this.host && this.#service?.machine;
  }

  /** For election, or it leads already. */
  get stands(): boolean {
    const kind = this.host?.core.state.stage.kind;
    return kind === 'candidate' || kind === 'leader';
  }

  get leads(): boolean {
    return this.host?.core.state.stage.kind === 'leader';
  }

  /** Its connection to another member stands. */
  reaches(to: MemberId): boolean {
    return this.process.up && (this.#peers?.reaches(to) ?? false);
  }

  kill(downMs: number, power: boolean): void {
    if (this.process.up) this.process.kill(downMs, power);
  }

  /** Asks another member's service, as the group room does. */
  ask(to: MemberId, method: string, params: unknown, timeoutMs: number): Promise<unknown> {
    if (this.#peers) return this.#peers.ask(to, method, params, timeoutMs);
    return Promise.reject(new BazarError('unavailable', 'not there yet'));
  }

  /** Proposes as its service would, gates and all; nobody waits for the outcome. */
  propose(command: CatalogCommand): void {
    this.#service?.propose?.(command);
  }

  /** Dies in the middle of this, the next time. */
  layAmbush(at: Ambush): void {
    this.#ambush = at;
  }

  /** Making something durable takes a moment; who lies in wait strikes in it. */
  async #durably(life: Life, doing: Ambush): Promise<void> {
    if (this.#ambush === doing) {
      this.#ambush = undefined;
      this.#world.count(`ambushes at ${doing}`);
      life.after(0, () => this.kill(ambushDownMs, this.#world.random.disks.integer(2) === 0));
    }
    await this.storage.durably(life);
  }

  /** Tells the other members of an epoch that nobody ever had (A30). */
  forge(): void {
    if (this.process.up) this.#peers?.forge({ kind: 'prepare', epoch: Number.MAX_SAFE_INTEGER });
  }

  /** One entry of the own journal. */
  async readEntry(seq: number): Promise<Entry | undefined> {
    return this.#journal?.readEntry(seq);
  }

  /** The checkers look at what has just happened. */
  observe(): void {
    const { life } = this.process;
    if (!life?.touched) return;
    life.touched = false;
    if (this.host) this.#world.logs[this.options.group].observe(this.host.core);
  }

  /** Replaces the log so far by a snapshot. */
  async compact(): Promise<void> {
    const { life } = this.process;
    const { host } = this;
    const state = this.#service?.saved;
    const journal = this.#journal;
    if (!life || !host || !state || !journal || this.#compacting) return;
    const { applied, log } = host.core.state;
    const entry = log.entry(applied);
    if (!entry || applied <= (this.storage.snapshot?.mark.seq ?? 0)) return;
    this.#compacting = true;
    const { seq, epoch, time } = entry;
    const bytes = packPieces(state.snapshot());
    // The log goes back to the snapshot before the newest, should that one be damaged.
    const before = this.storage.snapshot?.mark.seq ?? 0;
    if (this.#world.hasBug('log-dropped-first')) await journal.dropBefore(seq + 1);
    await this.#durably(life, 'snapshot');
    this.#compacting = false;
    this.#keep({ mark: { seq, epoch, time }, bytes });
    // A disk that fails here has told the host as well.
    await journal.dropBefore(before + 1).catch(() => {});
  }

  async #boot(life: Life): Promise<void> {
    const { name, group } = this.options;
    const checker = this.#world.logs[group];
    this.#host = undefined;
    life.onEnd((power) => {
      this.#host = undefined;
      this.storage.crash(power);
    });
    this.#compacting = false;
    if (this.storage.isNew) checker.lostDisk(name);
    try {
      const { journal, entries } = await this.storage.open(life, this.#repairing);
      this.#repairing = false;
      // What rotted was not in use.
      if (!this.storage.learner) this.storage.impaired = false;
      this.storage.isNew = false;
      const base = this.storage.snapshot?.mark.seq ?? 0;
      checker.started(name, journal.recovered, entries, base);
      if (this.storage.snapshot) {
        const { seq, epoch } = this.storage.snapshot.mark;
        checker.snapshot(name, seq, epoch);
      }
      this.#journal = watchedJournal(journal, name, checker);
      await this.#run(life);
    } catch (error) {
      this.#refused(life, error);
    }
  }

  async #run(life: Life): Promise<void> {
    const { name, group, voters, witnesses, service } = this.options;
    const gated = this.options.gated && !this.#world.hasBug('gates-stand-open');
    const { network, random, logs, rules } = this.#world;
    const running = service?.(life, this);
    this.#service = running;
    const { snapshot, learner, incarnation } = this.storage;
    if (snapshot) running?.saved?.restore(unpackPieces(snapshot.bytes));
    const peers = new SimPeers({
      network,
      life,
      random: random.peers,
      members: [...voters, ...witnesses],
      port: (to) => peerPort(group, witnesses.includes(to)),
      lossiness: () => this.#world.lossiness,
      sending: (to, message) => logs[group].sending(name, to, message),
    });
    this.#peers = peers;
    const journal = this.#journal;
    if (!journal) return;
    const host = new GroupHost<Result>({
      id: name,
      ...{ voters, witnesses, learner, journal, gated, peers, rules },
      incarnation: String(incarnation),
      machine: running?.machine,
      base: snapshot?.mark ?? { seq: 0, epoch: 0, time: 0 },
      clock: life,
      logger: this.#world.logger(name),
      applied: (entry, result) => {
        logs[group].applied(name, entry);
        running?.applied(entry, result);
        this.#maybeCompact(life);
      },
      admitted: () => this.#admitted(life),
      snapshots: this.options.keepsSnapshots ? this.#snapshotPort(life) : undefined,
    });
    void host.failed.then((error) => this.#failed(life, error));
    await host.start();
    if (life.dead) return;
    this.#host = host;
    this.#listen(life, host, peers, running);
    if (!running && this.options.keepsSnapshots) every(life, shortenMs, () => this.#shorten());
  }

  #listen(
    life: Life,
    host: GroupHost<Result>,
    peers: SimPeers,
    running: Service<Result> | undefined,
  ): void {
    const { network } = this.#world;
    const memberDesk = new MemberDesk({
      status: () => {
        const status = host.status();
        return { ...status, serving: status.serving && (running?.canServe?.() ?? true) };
      },
      nominate: (leader) => host.nominate(leader),
      pid: life.number,
      clock: life,
      logTime: running?.logTime,
    });
    const doors = running?.open(host, memberDesk);
    const port = peerPort(this.options.group, running === undefined);
    listen(network, life, port, () => peerHandler(memberDesk, peers, doors));
    if (doors) listen(network, life, 'service', () => serviceHandler(life, doors));
  }

  #snapshotPort(life: Life): SnapshotPort {
    return memorySnapshots({
      partBytes: this.#world.profile.partBytes,
      newest: () => this.storage.snapshot,
      install: async (snapshot) => {
        await this.#durably(life, 'install');
        this.#keep(snapshot);
        this.#world.count('snapshots installed');
        if (this.#service) this.#service.saved?.restore(unpackPieces(snapshot.bytes));
        else await this.#journal?.dropBefore(snapshot.mark.seq + 1).catch(() => {});
      },
    });
  }

  #keep(snapshot: MemorySnapshot): void {
    const { seq, epoch } = snapshot.mark;
    this.storage.snapshot = snapshot;
    this.#world.logs[this.options.group].snapshot(this.name, seq, epoch);
    this.#world.trace(() => `${this.name}: snapshot at ${seq}`);
  }

  #maybeCompact(life: Life): void {
    const { compactEvery } = this.#world.profile;
    const { host } = this;
    if (!this.options.keepsSnapshots || compactEvery === 0 || !host) return;
    const since = host.core.state.applied - (this.storage.snapshot?.mark.seq ?? 0);
    if (since >= compactEvery) life.after(maybeMs, () => void this.compact());
  }

  /** A witness takes the leader's newest snapshot in the place of a long log. */
  #shorten(): void {
    const { compactEvery } = this.#world.profile;
    const { host } = this;
    if (compactEvery === 0 || !host) return;
    const since = host.core.state.commit - (this.storage.snapshot?.mark.seq ?? 0);
    if (since >= 2 * compactEvery) host.fetchSnapshot();
  }

  async #admitted(life: Life): Promise<void> {
    await this.#durably(life, 'admission');
    this.storage.learner = false;
    this.storage.impaired = false;
    this.#world.count('learners admitted');
    this.#world.trace(() => `${this.name}: votes again`);
  }

  /** The journal cannot be read: the replica refuses, and the operator lets it learn anew (R10). */
  #refused(life: Life, error: unknown): void {
    if (life.dead) return;
    if (error instanceof CorruptionError) {
      this.#world.trace(() => `${this.name}: ${error.message}`);
      this.#world.count('corrupt journals refused');
      this.storage.learner = !this.#world.hasBug('corrupt-replica-votes');
      this.storage.impaired = true;
      this.storage.isNew = true;
      this.#repairing = true;
      this.kill(repairMs, false);
      return;
    }
    this.#failed(life, error);
  }

  #failed(life: Life, error: unknown): void {
    if (life.dead) return;
    const text = error instanceof Error ? `${error.message}` : String(error);
    if (error instanceof DiskError || text.startsWith('EIO'))
      this.kill(this.#world.profile.restartMs, false);
    else this.#world.report(`${this.name} can go no further: ${text}`);
  }
}

/** A recovery server may have two logs: in production one port tells them apart at the handshake. */
function peerPort(group: GroupName, isWitness: boolean): string {
  return isWitness ? `peer of ${group}` : 'peer';
}
